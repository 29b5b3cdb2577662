#pragma once

#include "core/base/request.hpp"

#include <string_view>

namespace penstock::core {

/// The outcome in a line of `append_output_line`, with or without the line break. Times are in
/// whole milliseconds, as in the line.
/// @returns `errc::corrupt` if the line is incomplete, edited or not ours.
result<outcome> parse_outcome_line(std::string_view line);

} // namespace penstock::core
