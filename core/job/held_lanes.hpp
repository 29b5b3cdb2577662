#pragma once

#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::core {

/// Time limits for lanes that refuse the requests of a job.
struct held_limits {
  /// Longest time between two requests that ask the same lanes again.
  duration retry_every = std::chrono::seconds{1};
  /// Longest wait for lanes that have answered before.
  duration patience = defaults::outage_patience;
  /// Longest wait for lanes that never answered.
  duration first_patience = defaults::first_patience;
  /// Time between two requests that ask, at the start. After 20 times as long the gap grows.
  duration retry_first = std::chrono::milliseconds{250};
};

/// The requests of one job that wait because their lanes refuse all requests: the breaker of each
/// lane is open, or its daily quota is used up.
///
/// Requests that wait for the same set of lanes form one group. Every 250 ms, later every
/// `retry_every`, one request of the group asks its lanes again; the breaker of a lane decides
/// whether that request is sent as a probe. An answer from any lane of the group frees the group.
/// The group gives up after its patience. A group with a used-up quota does not probe: it is freed
/// when the quota begins again. A request that the provider told to wait for hours, while its lane
/// takes others, waits alone. Pure; one owner.
class held_lanes {
public:
  /// Numbers of lanes, in the order of the settings of the head.
  using lane_set = std::vector<uint32_t>;

  /// Why a request could not be sent.
  struct refusal {
    lane_set lanes; ///< All lanes that could take the request, in any order.
    error cause;
    duration resume_in{};   ///< When a quota begins again; zero: unknown.
    bool attempted = false; ///< The request was sent at least once in this hand-out.
  };

  /// The decision of `retry`.
  struct decision {
    std::vector<uint64_t> ready;  ///< Requests to hand out again.
    std::optional<error> give_up; ///< One group has waited too long; this is the reason.
  };

  /// Why requests wait, for people.
  struct wait_reason {
    error cause;
    bool quota = false;
    time_point retry_at;
  };

  explicit held_lanes(held_limits limits = {}) : limits_{limits} {}

  /// Adds the request `index`. @returns when `retry` must be called at the latest.
  time_point hold(uint64_t index, refusal why, time_point now);
  /// Adds the request `index`, which the provider told to wait until `until`. Answers to other
  /// requests do not free it.
  void hold_alone(uint64_t index, error said, time_point until);
  /// Number of requests that wait alone.
  size_t alone() const noexcept { return alone_.size(); }
  /// The request that waits alone for the shortest time: its time, and the text of the provider.
  /// @pre `alone() > 0`.
  wait_reason first_alone() const;
  /// A lane answered a request. @returns the requests that may be sent again now.
  std::vector<uint64_t> answered(const lane_set& lanes);
  /// Keeps the text of a failed attempt. The error of an open breaker does not contain it.
  void failed(std::string text) { last_failure_ = std::move(text); }
  /// Sends probes, frees groups whose quota begins again, or gives up.
  /// @param attempts_of The attempts of a request so far. The request with the fewest is the probe.
  decision retry(time_point now, const std::function<uint32_t(uint64_t)>& attempts_of);
  /// The earliest time at which `retry` has work.
  std::optional<time_point> next_retry() const;
  /// Why requests wait. A quota is named before an open breaker.
  std::optional<wait_reason> reason() const;
  /// Whether any lane has answered a request of this job.
  bool any_answered() const noexcept { return !answered_.empty(); }
  /// Forgets all waiting requests.
  void clear() {
    groups_.clear();
    alone_.clear();
  }

private:
  struct group {
    std::set<uint64_t> waiting; ///< Held requests, without the one sent as a probe.
    time_point since;           ///< The first refusal after the last answer.
    time_point retry_at;
    bool quota = false;
    error cause;
  };
  duration gap(const group& g, time_point now) const;
  bool has_answered(const lane_set& lanes) const;

  held_limits limits_;
  /// A request that was told to wait.
  struct told {
    time_point until;
    error said;
  };
  std::map<lane_set, group> groups_;
  std::map<uint64_t, told> alone_; ///< By request.
  std::set<uint32_t> answered_;
  std::string last_failure_;
};

/// Why a job stops whose last requests were told to wait: how many, what the provider said, and
/// when to come back. @param wait Until the first of them may be sent again.
error come_back_later(size_t requests, const error& said, duration wait,
                      std::chrono::system_clock::time_point now);

} // namespace penstock::core
