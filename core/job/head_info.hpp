#pragma once

#include "core/base/time.hpp"
#include "core/lane/lane.hpp"

#include <cstdint>
#include <string>

namespace penstock::core {

/// A node as `penstock nodes` shows it.
struct node_info {
  uint64_t id = 0;
  std::string name, version;
  bool local = false; ///< In the head's own process.
  uint32_t slots = 0, in_use = 0;
  std::string state;     ///< "active", "silent" (gets nothing new), "draining".
  duration silent_for{}; ///< Since its last sign of life.
  duration joined_for{};
  uint64_t finished = 0; ///< Hand-outs that the node has ended.
};

/// A lane as `penstock lanes` shows it.
struct lane_info {
  std::string name;
  lane_snapshot now;
  duration paused_for{}; ///< How long it will still take nothing; zero: it is open.
};

} // namespace penstock::core
