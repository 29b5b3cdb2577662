#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Numbers of a table that a double would change: 12345678901234567890123, 0.1000, 1e400. They
/// travel as texts with a mark, and come out with their digits.
namespace penstock::core {

/// The same JSON, with marked texts for such numbers. @pre `text` is valid JSON.
std::string with_exact_numbers(std::string_view text);

/// The digits of a number that travels as a marked text; nothing for other values.
std::optional<std::string_view> exact_number(const boost::json::value& value) noexcept;

/// Appends `value` as JSON, marked texts as numbers.
void append_exact_json(std::string& out, const boost::json::value& value);

} // namespace penstock::core
