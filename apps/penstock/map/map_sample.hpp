#pragma once

#include "apps/penstock/map/map_input.hpp"
#include "apps/penstock/map/map_summary.hpp"
#include "apps/penstock/map/recipe_script.hpp"
#include "core/map/map_projection.hpp"

#include <string>
#include <vector>

namespace penstock::cli {

/// The output of `--check`: the recipe, the table, and the first request.
/// @returns an error if that request cannot be made.
result<std::string> check_text(const core::recipe& recipe, const map_input& input,
                               const map_scan& scan, recipe_script& script, bool json);

/// The estimate for the rest of a table, if it is like the sample in `view`.
core::map_projection project_rest(const map_view& view,
                                  const std::vector<core::projected_lane>& lanes,
                                  uint32_t in_flight_max);
/// The projection for people, and as a member of the summary.
std::string projection_text(const core::map_projection& p, uint64_t sampled);
std::string with_projection(std::string summary_json, const core::map_projection& p);

} // namespace penstock::cli
