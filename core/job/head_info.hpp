#pragma once

#include "core/base/time.hpp"
#include "core/lane/lane.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::core {

/// What a head gives a node to do. The numbers cross the network: never change one.
enum class node_state : uint8_t {
  active = 0,
  silent = 1,   ///< No heartbeat for a while: it gets no new work.
  draining = 2, ///< It ends its work and leaves: it gets no new work.
};

inline constexpr std::array<std::string_view, 3> node_state_names{"active", "silent", "draining"};

constexpr std::string_view to_string(node_state s) noexcept {
  const auto number = static_cast<size_t>(s);
  return number < node_state_names.size() ? node_state_names[number] : "unknown";
}

/// A node as `penstock nodes` shows it.
struct node_info {
  uint64_t id = 0;
  std::string name, version;
  bool local = false; ///< Runs in the process of the head.
  uint32_t slots = 0, in_use = 0;
  node_state state = node_state::active;
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
