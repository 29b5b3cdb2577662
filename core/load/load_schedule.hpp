#pragma once

#include "core/load/load_script.hpp"

#include <optional>
#include <string>

namespace penstock::core {

/// A message that is due.
struct load_arrival_event {
  duration at{};       ///< From the beginning of the load.
  uint64_t number = 0; ///< Number of the message, from 0, over all phases.
  load_message kind = load_message::submit;
  size_t tenant = 0;     ///< For a submission: index of the tenant in the script.
  uint64_t requests = 0; ///< For a submission: number of requests.
  uint64_t pick = 0;     ///< For other messages: a random number that chooses the job.
};

/// The arrivals of a script, one after the other. They depend only on the script: slow or failed
/// messages do not change times or contents of later ones. Each message has its own random stream,
/// so a change of the mix does not move an arrival.
class load_schedule {
public:
  /// @param script Must outlive the schedule. @pre it has tenants and a weight above zero in each
  /// mix.
  explicit load_schedule(const load_script& script);
  /// The next arrival, without taking it; nullopt after the last one.
  const std::optional<load_arrival_event>& peek() const noexcept { return next_; }
  /// Takes the next arrival. @pre `peek` returned one.
  load_arrival_event take();

private:
  void advance();
  /// The time of arrival `in_phase_` of a phase, from its beginning; larger than its length if
  /// there is none.
  double time_in(const load_phase& phase);
  void fill(load_arrival_event& event, const load_phase& phase) const;

  const load_script* script_;
  size_t phase_ = 0;
  double phase_start_ = 0; ///< Seconds.
  uint64_t in_phase_ = 0;  ///< Arrivals taken from this phase.
  double poisson_at_ = 0;  ///< Time of the last arrival in seconds.
  load_random gaps_;
  uint64_t number_ = 0;
  std::optional<load_arrival_event> next_;
};

/// The body of a request: a chat of about `tenant.body_bytes` that contains its id, so that all
/// bodies differ. @param id Its custom_id.
request load_request(const load_script& script, const load_tenant& tenant, uint64_t job,
                     uint64_t index);

/// The custom_id of a request of the load.
std::string load_request_id(uint64_t job, uint64_t index);

} // namespace penstock::core
