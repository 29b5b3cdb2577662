#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// A point on the calendar. Used for dates of providers, never for own waits.
using wall_time = std::chrono::system_clock::time_point;

/// Reads a span as providers write it: one or more of decimal and unit ("6m0s", "1m30.5s", "17ms",
/// units d h m s ms us µs ns), or a bare number, which means seconds. Spaces around it are ignored.
/// @returns nullopt for anything else, negative spans included. Larger values become 146 years.
std::optional<duration> parse_duration(std::string_view text) noexcept;

/// The same for settings and options, where a mistake must be noticed. Refuses spaces around the
/// text, units that do not go from large to small, a unit that stands twice, a number that begins
/// with a point, and spans above 290 years.
std::optional<duration> parse_strict_duration(std::string_view text) noexcept;

/// Writes a span so that both parsers read it back: "2d", "36h", "1h30m", "1.5s", "350ms", "17us".
/// A negative span gets a minus sign.
std::string format_duration(duration d);

/// Reads an RFC 3339 date and time ("2026-08-01T12:00:03.5Z", "2026-08-01t12:00:03+02:00").
/// @returns nullopt for anything else and for years outside 1970 to 2200.
std::optional<wall_time> parse_rfc3339(std::string_view text) noexcept;

/// Reads an HTTP date in any of its three forms ("Sun, 06 Nov 1994 08:49:37 GMT",
/// "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"). The name of the day is not
/// checked.
/// @returns nullopt for anything else and for years outside 1970 to 2200.
std::optional<wall_time> parse_http_date(std::string_view text) noexcept;

/// Reads a finite decimal number that is not negative. Spaces around it are ignored.
std::optional<double> parse_number(std::string_view text) noexcept;

} // namespace penstock::core
