#pragma once

#include "core/load/load_draw.hpp"
#include "core/base/request.hpp"
#include "core/base/time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A load script in memory; config/script/load_script.hpp reads it from a file.
namespace penstock::core {

/// What a load sends to an engine.
enum class load_message : uint8_t { submit, status, cancel, results, subscribe };
inline constexpr size_t load_messages = 5;
std::string_view to_string(load_message m) noexcept;

/// A weight for each kind of message.
using load_mix = std::array<double, load_messages>;

/// When messages arrive. All of them are open loop: slow answers do not slow the arrivals.
enum class load_arrival : uint8_t {
  constant, ///< Every 1/rate.
  poisson,  ///< As from many callers who know nothing of each other.
  burst,    ///< `burst` at once, every so often.
  ramp,     ///< The rate goes from one value to another.
};

/// A stretch of time with one way of arriving.
struct load_phase {
  std::string name;
  duration length{};
  load_arrival arrival = load_arrival::constant;
  double rate = 0;                  ///< Messages per second; of a ramp: at its start.
  double rate_to = 0;               ///< Of a ramp: at its end.
  uint32_t burst = 0;               ///< Messages of one burst.
  duration every{};                 ///< Between bursts.
  std::optional<load_mix> mix = {}; ///< Unset: as the script.
};

/// Who submits, and what.
struct load_tenant {
  std::string name = "default";
  double weight = 1; ///< Share of the submissions.
  core::priority priority = core::priority::normal;
  core::mode mode = core::mode::automatic;
  load_distribution requests;                                              ///< Of a job.
  load_distribution body_bytes{load_shape::constant, 200, 0, 0, 1u << 20}; ///< Of a request's text.
  uint32_t in_flight_max = 256;                                            ///< Of a job.
  uint32_t output_tokens_max = 0; ///< `max_tokens` of each request; 0: says nothing.
};

/// A process that the script starts itself.
enum class load_role : uint8_t { mock, head, node };
std::string_view to_string(load_role r) noexcept;
struct load_process {
  std::string name;
  load_role role = load_role::node;
  std::vector<std::string> options; ///< Words behind `penstock mock`, `serve` or `node`.
  bool start = true;                ///< Before the load; else an action does it.
};

/// What happens beside the load.
enum class load_deed : uint8_t { start, stop, kill, suspend, resume, faults, limits, submit };
std::string_view to_string(load_deed d) noexcept;
struct load_action {
  duration at{}; ///< From the beginning of the load.
  load_deed deed = load_deed::submit;
  std::string process =
    {}; ///< Whom it happens to; of faults and limits: a mock, empty: the only one.
  /// Afterwards what was suspended resumes, what was killed or stopped starts again, faults go;
  /// zero: never.
  duration length{};
  std::vector<std::string> faults = {}; ///< In the mock's notation; empty: none any more.
  std::vector<std::pair<std::string, double>> limits = {}; ///< Of the mock: "rpm" and the like.
  std::string tenant = {};                                 ///< Who submits,
  uint64_t requests = 0;                                   ///< so many in one job.
};

/// What a value of the report is counted in.
enum class load_unit : uint8_t { count, per_second, seconds, share };

/// A bound for one value of the report.
struct load_expectation {
  std::string metric; ///< As `load_metric_of` knows it: "queue_wait_p99".
  std::string tenant; ///< Of this one alone; empty: of all.
  double bound = 0;   ///< Spans in seconds.
};

/// What becomes of jobs that run when the last phase ends.
enum class load_end : uint8_t { wait, cancel };

/// All of a script.
struct load_script {
  std::string name, description;
  uint64_t seed = 1;

  std::string head; ///< Address of a head that runs already; empty: another engine.
  std::vector<std::string>
    engine_options; ///< Settings of the embedded engine, or of the way to a head.
  std::string mock; ///< Origin of a mock that runs already ("http://127.0.0.1:8080").
  std::vector<load_process> processes; ///< If one is a head, that is the engine.

  std::vector<load_phase> phases;
  load_mix mix{1, 0, 0, 0, 0};
  std::vector<load_tenant> tenants;
  std::string model = "mock-1";     ///< Of every request.
  std::vector<load_action> actions; ///< In the order of their times.
  uint64_t outstanding_max =
    100'000; ///< Messages without an answer, beyond which arrivals are overruns.
  duration timeout = std::chrono::seconds{30}; ///< Of an answer.
  load_end at_end = load_end::wait;
  duration drain = std::chrono::seconds{60}; ///< How long to wait for jobs after the last phase.
  std::vector<load_expectation> expectations;
  duration share_since{}; ///< The share of the limit is measured from here on.

  duration length() const;                           ///< Of all phases.
  const load_process* head_process() const noexcept; ///< Null: there is none.
  const load_tenant* find_tenant(std::string_view name) const noexcept;
};

/// Makes all phases shorter (or longer) by `factor`, and actions with them. Rates stay.
void scale(load_script& script, double factor);

} // namespace penstock::core
