#pragma once

#include "tests/support/program_fixture.hpp"
#include "tests/support/raw_client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace penstock::test {

/// An answer of the service, with its framing removed.
struct service_answer {
  int status = 0;
  std::string head, body;

  boost::json::object json() const {
    boost::system::error_code ec;
    const auto value = boost::json::parse(body, ec);
    BOOST_REQUIRE_MESSAGE((!ec && value.is_object()), "no JSON object: " << head << body);
    return value.as_object();
  }
};

/// The body of a chunked answer.
inline std::string dechunked(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find("\r\n"));
    const auto size = std::stoul(std::string{line}, nullptr, 16);
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    if (size == 0 || text.size() < size)
      break;
    out += text.substr(0, size);
    text.remove_prefix(std::min(text.size(), size + 2));
  }
  return out;
}

/// `penstock serve --http` against the mock of `program_fixture`.
struct service_fixture : program_fixture {
  explicit service_fixture(mock::mock_options options = {}) : program_fixture{std::move(options)} {}

  void start(const words& more = {}) {
    words args{"serve",       "--http", "127.0.0.1:0", "--listen",
               "127.0.0.1:0", "--json", "--store",     dir / "jobs.db",
               "--slots",     "32",     "--base-url",  upstream.mock->base_url()};
    args.insert(args.end(), more.begin(), more.end());
    auto serve = bare_command(std::move(args));
    serve.env = {"OPENAI_API_KEY=a-key-of-the-test"};
    service = std::make_unique<process>(std::move(serve));
    BOOST_REQUIRE(wait_until(
      [&] { return service->out().find('\n') != std::string::npos || service->has_ended(); }));
    boost::system::error_code ec;
    const auto said = boost::json::parse(service->out(), ec);
    BOOST_REQUIRE_MESSAGE(!ec, service->out() << service->err());
    const std::string address{said.at("http").as_string()};
    port = static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    head_address = std::string{said.at("address").as_string()};
  }

  /// One call on a new connection. `headers` are complete lines.
  service_answer call(std::string_view method, std::string_view target, std::string_view body = "",
                      std::string_view headers = "") const {
    raw_client c{port};
    c.send(request_text(method, target, body, headers));
    c.read_all();
    return parse(c.received);
  }

  std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                           std::string_view headers) const {
    std::string out;
    out.append(method)
      .append(" ")
      .append(target)
      .append(" HTTP/1.1\r\nconnection: close\r\nhost: ")
      .append(host)
      .append("\r\n");
    if (!body.empty() || method == "POST")
      out.append("content-length: ").append(std::to_string(body.size())).append("\r\n");
    if (!key.empty())
      out.append("authorization: Bearer ").append(key).append("\r\n");
    return out.append(headers).append("\r\n").append(body);
  }

  static service_answer parse(const std::string& text) {
    service_answer a;
    const auto end = text.find("\r\n\r\n");
    BOOST_REQUIRE_MESSAGE(end != std::string::npos, "no answer: " << text);
    a.status = std::stoi(text.substr(9, 3));
    a.head = text.substr(0, end + 2);
    a.body = text.substr(end + 4);
    if (a.head.find("transfer-encoding: chunked") != std::string::npos)
      a.body = dechunked(a.body);
    return a;
  }

  /// Makes a key with the program.
  std::string make_key(std::string tenant, std::string scopes) const {
    const auto end =
      run_to_end(bare_command({"keys", "create", "--store", dir / "jobs.db", "--name", "test",
                               "--tenant", tenant, "--scopes", scopes}));
    BOOST_REQUIRE_MESSAGE(end.code == 0, end.err);
    return end.out.substr(0, end.out.find('\n'));
  }

  static std::string chat(std::string_view text, std::string_view more = "") {
    return mock_fixture::chat(text, more);
  }

  std::unique_ptr<process> service;
  uint16_t port = 0;
  std::string head_address;
  std::string host = "127.0.0.1";
  std::string key; ///< Sent with every call, if set.
};

} // namespace penstock::test
