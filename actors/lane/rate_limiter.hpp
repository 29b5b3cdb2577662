#pragma once

#include "core/lane/lane.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unordered_map>
#include <vector>

namespace penstock::actors {

/// The actor around one `core::lane`: it knows which actor waits for which permit, and when to
/// wake.
struct rate_limiter_state {
  static inline const char* name = "rate-limiter";
  explicit rate_limiter_state(rate_limiter_actor::pointer self) : self{self} {}

  void acquire(const core::permit_request& req);
  void settle(const core::settlement& s);
  void withdraw(uint64_t id);
  void release(uint64_t owner);
  void wake();

  rate_limiter_actor::pointer self; ///< The actor that owns this state.
  core::lane lane;                  ///< Makes all decisions.

private:
  void pump();
  void refuse(uint64_t id, error why);

  std::unordered_map<uint64_t, permit_taker_actor> waiting_; ///< Requests without an answer.
  std::vector<core::permit> due_;                            ///< Reused buffer of `pump`.
  time_point wake_at_ = time_point::max();                   ///< Time of the next scheduled `wake`.
};

/// Grants the permits of one lane, never faster than `limits`. Set `start_empty` after a crash of
/// the limiter: the permits that it granted are unknown, and the burst must not be granted twice.
/// @pre `core::validate(limits)` succeeds.
rate_limiter_actor::behavior_type
rate_limiter(rate_limiter_actor::stateful_pointer<rate_limiter_state> self,
             core::lane_limits limits, bool start_empty);

} // namespace penstock::actors
