#pragma once

#include "core/base/request.hpp"

#include <string_view>

namespace penstock::core {

/// The outcome that `append_output_line` wrote, with or without the line break. Times come back in
/// whole milliseconds, as they stand in the line.
/// @returns `errc::corrupt` if the line is torn, edited or not ours.
result<outcome> parse_outcome_line(std::string_view line);

} // namespace penstock::core
