#pragma once

#include "messages/interfaces.hpp"

#include <caf/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::actors {

/// The actors that read the requests of one job and keep its results, and where to go on.
struct job_parts {
  source_actor source;             ///< Delivers the requests from `first` on.
  sink_actor sink;                 ///< Expects the results from `first` on.
  store_actor store;               ///< Null if results need not outlive the process.
  uint64_t first = 0;              ///< The sink has written all lower indexes.
  std::vector<sink_item> recorded; ///< Results from `first` on, of an earlier life.
  std::optional<uint64_t> total;   ///< Requests of the job, if known.
  job_progress before;             ///< Counts of earlier lives, for the summary.
  std::string pack_because;        ///< Why mode auto should pack; empty: it should not.
};

/// Opens the input and output of a job and spawns its actors; also again after one of them died.
/// Called on a thread that may block, one call at a time.
class job_launcher {
public:
  virtual ~job_launcher() = default;
  virtual result<job_parts> launch(caf::actor_system& sys) = 0;
};

} // namespace penstock::actors
