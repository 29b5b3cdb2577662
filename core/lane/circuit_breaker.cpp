#include "core/lane/circuit_breaker.hpp"

namespace penstock::core {

void circuit_breaker::succeed(bool probe) {
  // An answer to a request from before it opened says nothing about the provider now.
  if (state_ != state::closed && !(probe && state_ == state::half_open))
    return;
  state_ = state::closed;
  failures_ = 0;
}

bool circuit_breaker::fail(time_point now, bool probe, size_t unresolved) {
  if (state_ == state::half_open && probe) {
    open(now);
    return true;
  }
  if (state_ != state::closed || trips_after_ == 0)
    return false;
  if (++failures_ < trips_after_ || failures_ < unresolved)
    return false;
  open(now);
  return true;
}

bool circuit_breaker::trip(time_point now, bool probe) {
  if (state_ == state::open || (state_ == state::half_open && !probe))
    return false;
  open(now);
  return true;
}

void circuit_breaker::lose_probe(time_point now) {
  if (state_ != state::half_open)
    return;
  state_ = state::open;
  probe_at_ = now;
}

void circuit_breaker::open(time_point now) {
  state_ = state::open;
  failures_ = 0;
  probe_at_ = now + open_for_;
  ++trips_;
}

} // namespace penstock::core
