#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::mock {

/// Appends `text` as a JSON string with quotes. Bytes that are not UTF-8 are unchanged.
void append_json(std::string& out, std::string_view text);
/// `text` as a JSON string.
std::string quoted(std::string_view text);
/// Appends a number without an exponent and without trailing zeros ("0.25", "120000").
void append_number(std::string& out, double n);
void append_number(std::string& out, uint64_t n);
/// Sixteen hexadecimal digits.
std::string hex(uint64_t n);
/// The first `count` code points; never cuts one in half.
std::string_view first_codepoints(std::string_view text, size_t count);
/// A span as Go prints it: "6m0s", "1.5s", "120ms". Zero is "0s".
std::string go_duration(double seconds);
/// "2026-08-01T12:00:03Z".
std::string rfc3339(std::chrono::system_clock::time_point t);
/// "Sat, 01 Aug 2026 12:00:03 GMT".
std::string http_date(std::chrono::system_clock::time_point t);
/// Reads "350ms", "2s", "1.5", "3m", "1h"; a bare number means seconds.
result<duration> parse_span(std::string_view text);
result<double> parse_number(std::string_view text);
/// For arguments of faults, which are not checked before: `fallback` for a wrong one.
double number_or(std::string_view text, double fallback);
duration span_or(std::string_view text, duration fallback);
/// The value of `name` in "a=1&b=2"; empty if it is not there.
std::string_view query_value(std::string_view query, std::string_view name);
/// "a%20b" as "a b".
std::string percent_decoded(std::string_view text);
/// The parts of "name:argument,key=value"; a part without '=' has an empty value.
std::vector<std::pair<std::string_view, std::string_view>> split_spec(std::string_view spec);

} // namespace penstock::mock
