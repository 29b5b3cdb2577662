#pragma once

#include "messages/interfaces.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::actors {

/// The actors that feed one job and keep its results, and where to go on.
struct job_parts {
  source_actor source;             ///< Delivers the requests from `first` on.
  sink_actor sink;                 ///< Expects the results from `first` on.
  store_actor store;               ///< Null if results need not outlive the process.
  uint64_t first = 0;              ///< All lower indexes are at the sink already.
  std::vector<sink_item> recorded; ///< Results at or above `first` that an earlier life left.
  std::optional<uint64_t> total;   ///< Requests of the job, if known.
  job_progress before;             ///< Counts of earlier lives, for the summary.
  std::string pack_because;        ///< Why mode `auto` should pack; empty: it should not.
};

/// Opens a job's input and output and spawns the actors around them; again after one of them died.
/// Called away from the scheduler's threads, one call at a time; may block.
class job_launcher {
public:
  virtual ~job_launcher() = default;
  virtual result<job_parts> launch(caf::actor_system& sys) = 0;
};

} // namespace penstock::actors
