#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace penstock::config {

/// Refuses settings that make no sense, wherever they came from: one line for each fault, with key,
/// value and what is allowed. `load` has done this already; a host that fills the struct by itself
/// calls it.
result<void> validate(const settings& values);

/// The faults of the lanes alone: names, patterns, limits.
std::vector<std::string> lane_faults(const upstream_settings& upstream);

/// One error (`invalid_config`) out of several lines.
error joined(const std::vector<std::string>& faults);

} // namespace penstock::config
