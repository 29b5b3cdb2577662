#pragma once

#include "core/load/load_record.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace penstock::core {

/// The counters of the provider, if it is our mock.
struct load_upstream {
  uint64_t requests = 0, rate_limited = 0;
  uint64_t paid_twice = 0;              ///< Good answers beyond the first of their request.
  std::optional<double> share_of_limit; ///< Share of the tightest limit; unset: no limit.
};

/// The result of a load.
struct load_result {
  std::string script; ///< Its name.
  uint64_t seed = 0;
  std::string engine; ///< The kind of the engine, for people.
  load_record record;
  std::vector<std::string> tenant_names;  ///< As in the record.
  std::vector<core::priority> priorities; ///< Of the tenants.
  std::optional<load_upstream> upstream;
  uint64_t processes_died = 0; ///< Processes that died without an action.
  bool interrupted = false;    ///< The load was stopped by the user.
};

/// One value of the report.
struct load_metric {
  load_unit unit = load_unit::count;
  bool at_least = false;   ///< True: the bound is a minimum; false: a maximum.
  bool per_tenant = false; ///< Tenants have it, too.
};

/// The description of the value `name`, for example "queue_wait_p99"; nullopt if it does not exist.
std::optional<load_metric> load_metric_of(std::string_view name);
/// All names, for messages and help; those of spans as "submit_p50".
std::vector<std::string> load_metric_names();

/// The value `name` of a result; nullopt if it was not measured.
/// @param tenant Only of this tenant; empty: of all.
std::optional<double> load_value(const load_result& of, std::string_view name,
                                 std::string_view tenant = {});

/// The result of an expectation.
struct load_verdict {
  load_expectation expected;
  std::optional<double> actual; ///< Unset: not measured, which never passes.
  bool met = false;
};
std::vector<load_verdict> judge(const load_result& result,
                                std::span<const load_expectation> expectations);
/// "queue_wait_p99 <= 500 ms: 320 ms".
std::string to_text(const load_verdict& verdict);
/// A value with its unit: "320 ms", "95.2 %", "1200/s".
std::string load_value_text(load_unit unit, double value);

/// The demand of a tenant, and its share.
struct load_share {
  double wanted = 0, got = 0;
};
/// Jain's index of fairness: 1 is even; 1/n means that one tenant got everything. It compares each
/// share with max-min fairness: a tenant that wants less than an even share gets all of its demand,
/// and the others share the rest evenly. @returns 1 for fewer than two tenants.
double fairness(std::span<const load_share> shares);

} // namespace penstock::core
