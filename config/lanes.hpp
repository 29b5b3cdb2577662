#pragma once

#include "config/settings.hpp"
#include "core/base/glob.hpp"

#include <string_view>

namespace penstock::config {

using core::glob_match;

/// The lane for `model`: the first lane with a matching pattern; null: the default lane.
const lane_settings* lane_of(const upstream_settings& upstream, std::string_view model) noexcept;

/// The options of `core::lane`: the limits of one lane, and the breaker and width of the run.
core::lane_limits lane_limits_of(const settings& values, const limit_settings& limits,
                                 core::charge_rule charging);

} // namespace penstock::config
