#pragma once

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::core {

/// The text of member `key`; empty if the member is absent or no text.
std::string_view text_at(const boost::json::object& o, std::string_view key) noexcept;

/// The object in member `key`, or null.
const boost::json::object* object_at(const boost::json::object& o, std::string_view key) noexcept;

/// The array in member `key`, or null.
const boost::json::array* array_at(const boost::json::object& o, std::string_view key) noexcept;

/// The array in member `key`, or null; also null for an empty array.
const boost::json::array* filled_array_at(const boost::json::object& o,
                                          std::string_view key) noexcept;

/// Whether member `key` is present and not null.
bool has_value(const boost::json::object& o, std::string_view key) noexcept;

/// Whether member `key` is true.
bool is_true_at(const boost::json::object& o, std::string_view key) noexcept;

/// The number in member `key` if it is whole and not negative.
std::optional<uint64_t> whole_at(const boost::json::object& o, std::string_view key) noexcept;

/// The same for counts in answers of providers: at most 10^9, because a larger count is a mistake.
std::optional<uint64_t> count_at(const boost::json::object& o, std::string_view key) noexcept;

/// `text` as a JSON value.
boost::json::value json_string(std::string_view text);

} // namespace penstock::core
