#pragma once

#include "core/job/head_info.hpp"
#include "core/job/job_info.hpp"
#include "core/view/text_table.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Answers of a head, as tables for people and as JSON for programs. Names and texts from outside
/// are cleaned in tables and unchanged in JSON.
namespace penstock::core {

/// Requests per second of running jobs, by id; where it is missing the mean since the start stands
/// in.
using job_rates = std::map<uint64_t, double>;

/// @param now Milliseconds since 1970.
text_table jobs_table(const std::vector<job_info>& jobs, int64_t now, const job_rates& rates = {});
text_table nodes_table(const std::vector<node_info>& nodes);
text_table lanes_table(const std::vector<lane_info>& lanes);
text_table tenants_table(const std::vector<tenant_counts>& tenants);
/// Everything about one job, on several lines.
std::string status_text(const job_info& job, int64_t now);

/// One JSON object on one line: {"jobs": [...]} and so on.
std::string jobs_json(const std::vector<job_info>& jobs, int64_t now);
std::string nodes_json(const std::vector<node_info>& nodes);
std::string lanes_json(const std::vector<lane_info>& lanes);
std::string tenants_json(const std::vector<tenant_counts>& tenants);
std::string status_json(const job_info& job, int64_t now);

} // namespace penstock::core
