#pragma once

#include "core/protocol/protocol.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace penstock::test {

/// All rows of the table of protocols with a server.
inline constexpr std::string_view protocol_names[] = {"openai", "anthropic", "gemini", "ollama"};

/// 2026-08-01T12:00:03Z.
inline const std::chrono::system_clock::time_point golden_now{std::chrono::seconds{1785585603}};

/// The default address of each protocol, as in the golden files.
inline std::string_view golden_base(std::string_view protocol) {
  return protocol == "openai"      ? "https://api.openai.com/v1"
         : protocol == "anthropic" ? "https://api.anthropic.com"
         : protocol == "gemini"    ? "https://generativelanguage.googleapis.com/v1beta"
                                   : "http://localhost:11434";
}

inline core::request request_for(std::string_view url, std::string body) {
  core::request r;
  r.custom_id = "id-1";
  r.url = url;
  r.model = "m-1";
  r.body = core::make_payload(std::move(body));
  return r;
}

inline result<core::http_request> encode(std::string_view protocol, const core::request& r) {
  return core::find_protocol(protocol)->encode(r, golden_base(protocol), "key-1", "job-1");
}

/// A file below tests/core/golden.
inline boost::json::value golden(const std::string& name) {
  const auto text =
    read_file(std::string{PENSTOCK_SOURCE_DIR} + "/tests/core/protocol/golden/" + name);
  boost::json::error_code ec;
  auto value = boost::json::parse(text, ec);
  BOOST_REQUIRE_MESSAGE(!ec, name << " is no JSON: " << ec.message());
  return value;
}

/// The differences of two values, one per line: "choices[0].index: 1, expected 0".
inline void diff(const boost::json::value& is, const boost::json::value& expected,
                 const std::string& at, std::string& out) {
  const auto shown = [](const boost::json::value* v) {
    return v ? boost::json::serialize(*v) : std::string{"nothing"};
  };
  const auto add = [&](const std::string& where, auto* a, auto* b) {
    out += "  " + where + ": " + shown(a) + ", expected " + shown(b) + "\n";
  };
  if (is.is_object() && expected.is_object()) {
    auto &a = is.get_object(), &b = expected.get_object();
    for (auto& [key, value] : a) {
      const auto where = at + "." + std::string{key};
      if (const auto* other = b.if_contains(key))
        diff(value, *other, where, out);
      else
        add(where, &value, static_cast<const boost::json::value*>(nullptr));
    }
    for (auto& [key, value] : b)
      if (!a.contains(key))
        add(at + "." + std::string{key}, static_cast<const boost::json::value*>(nullptr), &value);
  } else if (is.is_array() && expected.is_array() &&
             is.get_array().size() == expected.get_array().size()) {
    for (size_t i = 0; i < is.get_array().size(); ++i)
      diff(is.get_array()[i], expected.get_array()[i], at + "[" + std::to_string(i) + "]", out);
  } else if (is.is_number() && expected.is_number()) {
    if (is.to_number<double>() != expected.to_number<double>())
      add(at, &is, &expected);
  } else if (is != expected) {
    add(at, &is, &expected);
  }
}

/// Fails with the differences between the JSON text `is` and `expected`.
inline void check_same(std::string_view is, const boost::json::value& expected) {
  boost::json::error_code ec;
  const auto value = boost::json::parse({is.data(), is.size()}, ec);
  BOOST_REQUIRE_MESSAGE(!ec, "no JSON: " << is);
  std::string differences;
  diff(value, expected, "", differences);
  BOOST_TEST(differences.empty(), "differs:\n" << differences);
}

} // namespace penstock::test
