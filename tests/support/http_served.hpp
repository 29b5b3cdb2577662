#pragma once

#include "core/io/http/http_server.hpp"
#include "tests/support/raw_client.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace penstock::test {

/// A server with a handler, on a thread of its own.
struct http_served {
  http_served(io::http_server_options o, io::http_server::handler h,
              io::http_server::planner p = {}) {
    auto opened = io::http_server::open(std::move(o), std::move(h), std::move(p));
    BOOST_REQUIRE(opened.has_value());
    server = std::move(*opened);
    thread = std::thread{[this] { server->run(); }};
  }
  ~http_served() { stop(); }
  /// Ends the server. @returns its counters.
  io::http_server_counters stop() {
    if (thread.joinable()) {
      server->stop();
      thread.join();
    }
    return server->counters();
  }
  uint16_t port() const { return server->port(); }

  std::unique_ptr<io::http_server> server;
  std::thread thread;
};

inline void http_echo(const io::http_exchange& e) {
  e.reply({200, "text/plain", {}, std::string{e.body()}});
}

/// A POST as bytes; `headers` are complete lines.
inline std::string http_post(std::string_view body, std::string_view headers = "") {
  std::string out = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: ";
  out.append(std::to_string(body.size())).append("\r\n");
  return out.append(headers).append("\r\n").append(body);
}

inline std::string http_body_of(std::string_view answer) {
  const size_t at = answer.find("\r\n\r\n");
  return std::string{at == answer.npos ? std::string_view{} : answer.substr(at + 4)};
}

/// 0 if it is no answer.
inline int http_status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
}

} // namespace penstock::test
