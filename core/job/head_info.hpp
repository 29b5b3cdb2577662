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
  bool local = false; ///< Runs in the process of the head.
  uint32_t slots = 0, in_use = 0;
  std::string state;     ///< "active", "silent" (gets no new work), "draining".
  duration silent_for{}; ///< Time since its last heartbeat.
  duration joined_for{};
  uint64_t finished = 0; ///< Hand-outs that the node has ended.
};

/// A lane as `penstock lanes` shows it.
struct lane_info {
  std::string name;
  lane_snapshot now;
  duration paused_for{}; ///< Time until it accepts requests again; zero: it accepts them.
};

} // namespace penstock::core
