#pragma once

#include "core/engine/lease_table.hpp"
#include "core/engine/restart_policy.hpp"
#include "messages/interfaces.hpp"

#include <functional>
#include <string>
#include <vector>

namespace penstock::actors {

/// The setup of an engine.
struct engine_setup {
  std::vector<std::string> lanes; ///< Names, in the order of `wiring::limiters`.
  job_writer_actor store;         ///< Null: the engine takes no jobs by value.
  job_reader_actor reader;        ///< Null if `store` is null.
  core::lease_limits lease;       ///< For remote nodes.
  /// Receives log lines about nodes that join, leave, are lost or refused.
  std::function<void(std::string)> announce;
  core::restart_limits restarts; ///< For a job whose actors die.
};

} // namespace penstock::actors
