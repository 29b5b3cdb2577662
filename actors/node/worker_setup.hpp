#pragma once

#include "core/attempt/attempt_plan.hpp"
#include "core/attempt/hedge_policy.hpp"
#include "core/base/defaults.hpp"
#include "core/base/key_mask.hpp"
#include "core/job/price_table.hpp"
#include "core/protocol/protocol.hpp"
#include "core/attempt/route_table.hpp"
#include "messages/interfaces.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::actors {

/// One upstream, for workers.
struct worker_upstream {
  const core::protocol* protocol = nullptr;
  std::string base_url;
  std::string api_key;      ///< Never logged, and never sent to another process.
  std::string ca_file;      ///< PEM bundle; empty: that of the HTTP client.
  std::string paths;        ///< More paths that requests may name. @see core::is_allowed_path
  std::string cache_family; ///< Upstreams with the same text share cached answers.
  core::price_table prices; ///< Prices for the cost of an attempt.
};

/// Constant data that all workers of a process share.
struct worker_setup {
  std::vector<worker_upstream> upstreams;
  core::key_mask keys;      ///< Removes the keys of all upstreams from answers.
  core::route_table routes; ///< Its lanes in the order of `wiring::limiters`.
  duration timeout = core::defaults::timeout;
  duration idle_timeout = core::defaults::idle_timeout;
  uint64_t body_max = core::defaults::answer_bytes;
  core::attempt_limits attempts; ///< Without `attempts_max`: see the assignment.
  duration route_patience = core::defaults::route_patience; ///< Skip a lane that pauses for longer.
  core::hedge_limits hedging;                               ///< Each node applies them by itself.
};

/// Lanes that are closed for a job, with the reasons.
using lost_lanes = std::map<uint32_t, error>;

/// The time until which the workers of a node may start attempts. @see core::lease
class work_lease {
public:
  explicit work_lease(time_point until) : until_{until.time_since_epoch().count()} {}
  void renew(time_point until) noexcept { until_ = until.time_since_epoch().count(); }
  bool is_over(time_point now) const noexcept { return now.time_since_epoch().count() >= until_; }

private:
  std::atomic<time_point::rep> until_;
};

/// The request of a worker and its options.
struct worker_task {
  assigned_request request;
  uint64_t id = 0; ///< Unique among the workers of all nodes; 48 bits.
  uint64_t node_id = 0;
  std::string tenant;
  core::priority priority = core::priority::normal;
  core::mode ran_as = core::mode::parallel;
  uint32_t attempts_max = 5;
  caf::timespan time_left{}; ///< Until the deadline of the job; zero: no deadline.
  uint64_t seed = 0;
  std::string client_id;
  core::cache_mode cache = core::cache_mode::off;
  lost_lanes lost;                         ///< Lanes known to be closed so far.
  std::shared_ptr<const work_lease> lease; ///< Null: no limit.
  stream_taker_actor stream;               ///< Gets the parts of the answer; null: it comes whole.
  std::optional<duration> hedge_after; ///< Start a second attempt after this time; unset: never.
};

} // namespace penstock::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::actors::worker_task)
