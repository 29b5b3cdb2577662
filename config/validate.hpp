#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace penstock::config {

/// Checks settings from any source: one line for each fault, with key, value and the allowed
/// values. `load` does this, too. Call it for settings that were filled in by a program.
result<void> validate(const settings& values);

/// A fault in a repeated section.
struct section_fault {
  std::string at;   ///< Its key with numbers: "routes[1].to".
  std::string text; ///< The message, with the key for people.
};

/// The faults of lanes, upstreams, routes and prices: names, patterns, limits, references.
std::vector<section_fault> section_faults(const settings& values);

/// One error (`invalid_config`) with several lines.
error joined(const std::vector<std::string>& faults);

} // namespace penstock::config
