#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace penstock::config {

/// Refuses settings that make no sense, wherever they came from: one line for each fault, with key,
/// value and what is allowed. `load` has done this already; a host that fills the struct by itself
/// calls it.
result<void> validate(const settings& values);

/// A fault of a section that may stand several times.
struct section_fault {
  std::string at;   ///< Its key as the file reader numbers it: "routes[1].to".
  std::string text; ///< With its key as people know it.
};

/// The faults of lanes, upstreams, routes and prices: names, patterns, limits, references.
std::vector<section_fault> section_faults(const settings& values);

/// One error (`invalid_config`) out of several lines.
error joined(const std::vector<std::string>& faults);

} // namespace penstock::config
