#pragma once

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::core {

/// The text of field `key`, or an empty view if it is absent or no text.
std::string_view text_at(const boost::json::object& o, std::string_view key) noexcept;

/// The object in field `key`, or null.
const boost::json::object* object_at(const boost::json::object& o, std::string_view key) noexcept;

/// The array in field `key`, or null; an empty one is as good as none.
const boost::json::array* filled_array_at(const boost::json::object& o,
                                          std::string_view key) noexcept;

/// Whether field `key` is there and not null.
bool has_value(const boost::json::object& o, std::string_view key) noexcept;

/// The number in field `key` if it is whole, not negative and believable as a count.
std::optional<uint64_t> count_at(const boost::json::object& o, std::string_view key) noexcept;

/// `text` as a JSON value.
boost::json::value json_text(std::string_view text);

} // namespace penstock::core
