#pragma once

#include "core/map/map_plan.hpp"
#include "core/map/map_projection.hpp"
#include "core/map/map_totals.hpp"
#include "core/view/failure_groups.hpp"
#include "messages/interfaces.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

/// Hub to port: the next requests of a stage's job. The port numbers them within the job.
struct map_offer {
  std::vector<core::request> requests;
  std::vector<core::map_ticket> tickets; ///< One for each request.
  bool end = false;                      ///< No more will come.
};

/// Port to hub: one outcome.
struct map_answer {
  core::map_ticket ticket;
  shared_outcome outcome;
};

/// Progress of one stage of a group.
struct map_stage_status {
  core::map_stage_totals done;
  uint64_t ready = 0;   ///< Rows whose request waits for a `pull`.
  uint64_t offered = 0; ///< Rows whose request is with the stage's job.
};

/// Progress of one group of a map.
struct map_group_status {
  std::string name;
  uint64_t rows = 0;   ///< Rows of the group in the input, up to the limit of this map.
  uint64_t unread = 0; ///< Rows of the group that were not read yet.
  bool cancelled = false;
  core::map_group_totals done; ///< Rows with a result; its `stages` are those below.
  std::vector<map_stage_status> stages;
};

/// Progress of a map.
struct map_status {
  std::vector<map_group_status> groups;
  uint64_t written = 0;           ///< Rows written to the output.
  uint64_t resumed_answers = 0;   ///< Answers that an earlier run had recorded.
  uint64_t resumed_rows = 0;      ///< Rows that an earlier run had written.
  uint64_t sent_again = 0;        ///< Failed rows that a retry sent again.
  uint64_t changed_documents = 0; ///< Rows sent again because a document was changed.
  bool complete = false;          ///< Every row of the input is written to the output.
  double cost = 0;                ///< US dollars, with those of earlier runs.
  /// By stage; of the rows that this run finished or took over.
  std::vector<core::stage_sample> samples;
  /// The first note about a part that was left out of a document; empty: nothing was left out.
  std::string first_note;
  core::failure_groups failures; ///< Of the rows that failed or expired in this run.
};

/// An actor that is told when a map fails.
using map_watcher_actor = caf::typed_actor<
  // The map cannot go on.
  caf::reacts_to<atom::failed, error>>;

/// The STAGE PORT actor interface: source, sink and store of one job of a map.
using stage_port_actor = source_actor::extend_with<sink_actor>::extend_with<store_actor>::extend<
  // From the hub: the requests for the last `pull`.
  caf::reacts_to<atom::chunk, map_offer>>;

/// The MAP HUB actor interface: it owns the rows of a map.
using map_hub_actor = caf::typed_actor<
  // The port of this job begins. Requests that an earlier port had are offered again.
  caf::reacts_to<atom::join, uint32_t, stage_port_actor>,
  // Asks for requests of this job, at most so many and so many bytes. Answered by `chunk`, perhaps
  // much later.
  caf::reacts_to<atom::pull, uint32_t, uint32_t, uint64_t>,
  // Outcomes, in any order.
  caf::reacts_to<atom::keep, std::vector<map_answer>>,
  // Ends the open rows of this group as cancelled.
  caf::reacts_to<atom::cancel, std::string>,
  // Answers the progress.
  caf::replies_to<atom::status>::with<map_status>,
  // Syncs everything to disk; answers the progress.
  caf::replies_to<atom::close>::with<map_status>,
  // INTERNAL: writes the collected answers to the journal.
  caf::reacts_to<atom::flush>,
  // INTERNAL: syncs the output to disk.
  caf::reacts_to<atom::mark>>;

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<penstock::map_answer>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_status)

/// These messages stay inside one process, and only programs that run recipes use them.
CAF_BEGIN_TYPE_ID_BLOCK(penstock_map, caf::id_block::penstock::end)
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_offer))
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_answer))
  CAF_ADD_TYPE_ID(penstock_map, (std::vector<penstock::map_answer>))
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_status))
CAF_END_TYPE_ID_BLOCK(penstock_map)
