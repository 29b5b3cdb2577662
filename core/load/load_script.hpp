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

/// When messages arrive. Slow answers do not slow the arrivals (open loop).
enum class load_arrival : uint8_t {
  constant, ///< One message every 1/rate seconds.
  poisson,  ///< Like many independent callers.
  burst,    ///< `burst` messages at once, again and again.
  ramp,     ///< The rate changes evenly from one value to another.
};

/// A part of the load with one kind of arrivals.
struct load_phase {
  std::string name;
  duration length{};
  load_arrival arrival = load_arrival::constant;
  double rate = 0;                  ///< Messages per second; for a ramp: at its start.
  double rate_to = 0;               ///< For a ramp: messages per second at its end.
  uint32_t burst = 0;               ///< Messages of one burst.
  duration every{};                 ///< Time between bursts.
  std::optional<load_mix> mix = {}; ///< Unset: the mix of the script.
};

/// One tenant and its jobs.
struct load_tenant {
  std::string name = "default";
  double weight = 1; ///< Share of the submissions.
  core::priority priority = core::priority::normal;
  core::mode mode = core::mode::automatic;
  load_distribution requests; ///< Of a job.
  load_distribution body_bytes{load_shape::constant, 200, 0, 0,
                               1u << 20}; ///< Bytes of a request's text.
  uint32_t in_flight_max = 256;           ///< Of a job.
  uint32_t output_tokens_max = 0;         ///< `max_tokens` of each request; 0: left out.
};

/// A process that the script starts itself.
enum class load_role : uint8_t { mock, head, node };
std::string_view to_string(load_role r) noexcept;
struct load_process {
  std::string name;
  load_role role = load_role::node;
  std::vector<std::string> options; ///< Options of `penstock mock`, `serve` or `node`.
  bool start = true;                ///< True: started before the load. False: an action starts it.
};

/// An action during the load, such as a kill.
enum class load_deed : uint8_t { start, stop, kill, suspend, resume, faults, limits, submit };
std::string_view to_string(load_deed d) noexcept;
struct load_action {
  duration at{}; ///< From the beginning of the load.
  load_deed deed = load_deed::submit;
  std::string process = {}; ///< The target; for faults and limits a mock, empty: the only one.
  /// How long the action lasts; zero: to the end. Then a suspended process resumes, a killed or
  /// stopped one starts again, and faults end.
  duration length{};
  std::vector<std::string> faults = {}; ///< In the mock's notation; empty: no faults from now on.
  std::vector<std::pair<std::string, double>> limits =
    {};                    ///< New limits of the mock by name, such as "rpm".
  std::string tenant = {}; ///< For a submission: the tenant.
  uint64_t requests = 0;   ///< For a submission: the number of requests.
};

/// The unit of a value of the report.
enum class load_unit : uint8_t { count, per_second, seconds, share };

/// A bound for one value of the report.
struct load_expectation {
  std::string metric; ///< A name that `load_metric_of` knows, such as "queue_wait_p99".
  std::string tenant; ///< Only this tenant; empty: all.
  double bound = 0;   ///< The bound; times are in seconds.
};

/// What to do with jobs that still run when the last phase ends.
enum class load_end : uint8_t { wait, cancel };

/// A whole load script.
struct load_script {
  std::string name, description;
  uint64_t seed = 1;

  std::string head; ///< Address of a running head; empty: the load starts an engine.
  /// Settings of the embedded engine, or of the way to a head.
  std::vector<std::string> engine_options;
  std::string mock; ///< Origin of a mock that runs already ("http://127.0.0.1:8080").
  std::vector<load_process> processes; ///< A head among them is the engine of the load.

  std::vector<load_phase> phases;
  load_mix mix{1, 0, 0, 0, 0};
  std::vector<load_tenant> tenants;
  std::string model = "mock-1";     ///< Model of every request.
  std::vector<load_action> actions; ///< Sorted by time.
  /// Messages without an answer, beyond which arrivals are overruns.
  uint64_t outstanding_max = 100'000;
  duration timeout = std::chrono::seconds{30}; ///< The longest time to wait for an answer.
  load_end at_end = load_end::wait;
  duration drain = std::chrono::seconds{60}; ///< How long to wait for jobs after the last phase.
  std::vector<load_expectation> expectations;
  duration share_since{}; ///< From this time on the share of the limit is measured.

  duration length() const;                           ///< Length of all phases together.
  const load_process* head_process() const noexcept; ///< Null: there is none.
  const load_tenant* find_tenant(std::string_view name) const noexcept;
};

/// Multiplies the length of all phases and the times of actions by `factor`. Rates stay.
void scale(load_script& script, double factor);

} // namespace penstock::core
