#pragma once

#include "apps/mock/mock_server.hpp"
#include "tests/support/raw_client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>

namespace penstock::test {

/// A mock provider on a free loopback port for the length of a test.
struct mock_fixture {
  explicit mock_fixture(mock::mock_options options = {}) {
    auto started = mock::mock_server::start(std::move(options));
    BOOST_REQUIRE(started.has_value());
    mock = std::move(*started);
  }

  uint16_t port() const { return mock->port(); }

  /// The parsed answer of GET /stats.
  boost::json::object stats(size_t since = 0) const {
    return boost::json::parse(mock->stats_json(since, true)).as_object();
  }

  /// One POST on a new connection. @returns the whole answer with its head.
  std::string post(std::string_view path, std::string_view body,
                   std::string_view headers = "") const {
    raw_client c{port()};
    c.send(request(path, body, headers));
    return c.read_answer();
  }

  /// A POST as bytes; `headers` are complete lines.
  static std::string request(std::string_view path, std::string_view body,
                             std::string_view headers = "") {
    std::string out = "POST ";
    out.append(path)
      .append(" HTTP/1.1\r\nhost: mock\r\ncontent-length: ")
      .append(std::to_string(body.size()));
    return out.append("\r\n").append(headers).append("\r\n").append(body);
  }

  /// A chat request whose only message is `text`; `more` are further members, each with a leading
  /// comma.
  static std::string chat(std::string_view text, std::string_view more = "") {
    return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + std::string{text} +
           "\"}]" + std::string{more} + "}";
  }

  static std::string body_of(const std::string& answer) {
    const size_t at = answer.find("\r\n\r\n");
    return at == answer.npos ? std::string{} : answer.substr(at + 4);
  }

  /// Value of the first header called `name` (lower case); empty if absent.
  static std::string header_of(const std::string& answer, std::string_view name) {
    const size_t at = answer.find("\r\n" + std::string{name} + ": ");
    if (at == answer.npos)
      return {};
    const size_t begin = at + name.size() + 4;
    return answer.substr(begin, answer.find("\r\n", begin) - begin);
  }

  static int status_of(const std::string& answer) {
    return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
  }

  std::unique_ptr<mock::mock_server> mock;
};

} // namespace penstock::test
