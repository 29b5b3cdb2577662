#pragma once

#include "core/load/load_record.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace penstock::core {

/// What the upstream counted, if it is a mock of ours.
struct load_upstream {
  uint64_t requests = 0, rate_limited = 0;
  uint64_t paid_twice = 0;              ///< Good answers beyond the first of their request.
  std::optional<double> share_of_limit; ///< Of the limit that binds; unset: it has none.
};

/// All that a load came to.
struct load_result {
  std::string script; ///< Its name.
  uint64_t seed = 0;
  std::string engine; ///< What it was, for people.
  load_record record;
  std::vector<std::string> tenant_names;  ///< As in the record.
  std::vector<core::priority> priorities; ///< Of the tenants.
  std::optional<load_upstream> upstream;
  uint64_t processes_died = 0; ///< Without having been told to.
  bool interrupted = false;    ///< Somebody stopped it.
};

/// One value of the report.
struct load_metric {
  load_unit unit = load_unit::count;
  bool at_least = false;   ///< A bound is the least it may be; else the most.
  bool per_tenant = false; ///< Tenants have it, too.
};

/// What is known of the value `name`, for example "queue_wait_p99"; nothing if there is no such
/// value.
std::optional<load_metric> load_metric_of(std::string_view name);
/// All names, for messages and help; those of spans as "submit_p50".
std::vector<std::string> load_metric_names();

/// The value `name` of a result; nothing if it was not measured.
/// @param tenant Of this one alone; empty: of all.
std::optional<double> load_value(const load_result& of, std::string_view name,
                                 std::string_view tenant = {});

/// What became of an expectation.
struct load_verdict {
  load_expectation expected;
  std::optional<double> actual; ///< Unset: not measured, which is never enough.
  bool met = false;
};
std::vector<load_verdict> judge(const load_result& result,
                                std::span<const load_expectation> expectations);
/// "queue_wait_p99 <= 500 ms: 320 ms".
std::string to_text(const load_verdict& verdict);
/// A value with its unit: "320 ms", "95.2 %", "1200/s".
std::string load_value_text(load_unit unit, double value);

/// What somebody wanted, and what he got.
struct load_share {
  double wanted = 0, got = 0;
};
/// Jain's index of how evenly what was got fell on those who wanted it: 1 is even, 1/n: one had
/// all. The measure is max-min fairness: whoever wants less than an even share is to have all of
/// it, the others share the rest evenly, and each share is held against that.
/// @returns 1 for fewer than two.
double fairness(std::span<const load_share> shares);

} // namespace penstock::core
