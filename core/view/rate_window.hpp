#pragma once

#include "core/base/time.hpp"

#include <cstdint>
#include <deque>

namespace penstock::core {

/// Rates over the last 30 s, from counts that only grow. What was done before the first look does
/// not count, so a resumed job shows the speed of this start. Reads no clock.
class rate_window {
public:
  /// Takes the counts at `now`. Counts below the last ones begin anew: an actor was restarted.
  void look(time_point now, uint64_t done, uint64_t tokens);

  /// Requests with an outcome in a second; zero if nothing moved or nothing is known yet.
  double done_per_second() const;
  double tokens_per_minute() const;

private:
  struct sample {
    time_point at;
    uint64_t done = 0, tokens = 0;
  };
  double seconds() const;

  std::deque<sample> samples_; ///< At most one in half a second, and the last look.
};

} // namespace penstock::core
