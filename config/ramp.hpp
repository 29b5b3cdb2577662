#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace penstock::config {

/// Reads the widths of a slow start: "5 -> 10 -> 25 -> 50" or "5,10,25,50", each from 1 to 100,000,
/// at most 100 of them. Empty: no slow start.
std::optional<std::vector<uint32_t>> parse_ramp(std::string_view text);

} // namespace penstock::config
