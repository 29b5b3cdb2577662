#pragma once

#include "core/base/time.hpp"
#include "core/job/job_counters.hpp"
#include "core/lane/lane.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>

/// Small functions that several views share.
namespace penstock::core {

/// "850 ms", "12.3 s", "4 min 05 s", "2 h 03 min".
std::string span_text(duration d);

/// "closed", "open" or "half_open".
std::string_view breaker_text(lane_snapshot::breaker_state s) noexcept;

/// The share of the configured limit that was used in the last minute.
double used_share(const lane_snapshot& s, size_t dimension) noexcept;

/// The changes of mode of a job.
boost::json::array changes_json(const job_progress& job);

/// Adds all counters of a job as members. An existing member keeps its value.
void add_counters(boost::json::object& to, const job_progress& job);
/// Adds the counters of one line only.
void add_counters(boost::json::object& to, const job_progress& job, counter_line line);

/// The counters of one line of the status text, for example "12 sent, 40 requests answered by
/// them". Empty if all of them are zero; the line of attempts is always there.
std::string counters_text(const job_progress& job, counter_line line);

} // namespace penstock::core
