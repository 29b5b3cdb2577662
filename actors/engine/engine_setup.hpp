#pragma once

#include "core/engine/restart_policy.hpp"
#include "messages/interfaces.hpp"

#include <functional>
#include <string>
#include <vector>

namespace penstock::actors {

/// What an engine is told at its birth.
struct engine_setup {
  std::vector<std::string> lanes; ///< Names, in the order of `wiring::limiters`.
  job_writer_actor store;         ///< Null: it takes no jobs by value.
  job_reader_actor reader;        ///< Null if the store is.
  caf::timespan heartbeat = std::chrono::milliseconds{500}; ///< Of remote nodes.
  caf::timespan lost_after = std::chrono::seconds{3}; ///< Their silence after which they are lost.
  /// Told what people may want to know, one line each: nodes that come, go, are lost or refused.
  std::function<void(std::string)> announce;
  core::restart_limits restarts; ///< Of a job whose actors die.
};

} // namespace penstock::actors
