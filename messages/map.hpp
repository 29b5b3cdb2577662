#pragma once

#include "core/map/map_plan.hpp"
#include "core/map/map_projection.hpp"
#include "core/map/map_totals.hpp"
#include "messages/interfaces.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace penstock {

/// Hub to port: the next requests of a stage's job. They get their place in the job at the port.
struct map_offer {
  std::vector<core::request> requests;
  std::vector<core::map_ticket> tickets; ///< One for each.
  bool end = false;                      ///< No more will come.
};

/// Port to hub: one outcome.
struct map_answer {
  core::map_ticket ticket;
  shared_outcome outcome;
};

/// Where one stage of a group stands.
struct map_stage_status {
  core::map_stage_totals done;
  uint64_t ready = 0;   ///< Rows that wait to be asked for.
  uint64_t offered = 0; ///< Rows whose request is with the stage's job.
};

/// Where one group of a map stands.
struct map_group_status {
  std::string name;
  uint64_t rows = 0;   ///< In the input, as far as this map goes.
  uint64_t unread = 0; ///< Of these, not yet begun.
  bool cancelled = false;
  core::map_group_totals done; ///< Rows with a result; `stages` as in the next line.
  std::vector<map_stage_status> stages;
};

/// Where a map stands.
struct map_status {
  std::vector<map_group_status> groups;
  uint64_t written = 0;         ///< Rows at the output.
  uint64_t resumed_answers = 0; ///< Answers taken over from an earlier life.
  uint64_t resumed_rows = 0;    ///< Rows that an earlier life had written.
  bool complete = false;        ///< Every row of the input is at the output.
  double cost = 0;              ///< Dollars, earlier lives included.
  std::vector<core::stage_sample>
    samples; ///< By stage; of the rows that this life finished or took over.
  std::string
    first_note; ///< What was left out of a row's documents, as an example; empty: nothing.
};

/// Whoever is told that a map cannot go on as it is.
using map_watcher_actor = caf::typed_actor<caf::reacts_to<atom::failed, error>>;

/// The STAGE PORT actor interface: source, sink and store of one job of a map.
using stage_port_actor = source_actor::extend_with<sink_actor>::extend_with<store_actor>::extend<
  // From the hub: what the last pull asked for.
  caf::reacts_to<atom::chunk, map_offer>>;

/// The MAP HUB actor interface: the rows of a map.
using map_hub_actor = caf::typed_actor<
  // A port of job `n` begins; what an earlier one had is offered again.
  caf::reacts_to<atom::join, uint32_t, stage_port_actor>,
  // Requests for job `n`, at most so many and so many bytes; answered by `chunk`, perhaps much
  // later.
  caf::reacts_to<atom::pull, uint32_t, uint32_t, uint64_t>,
  // Outcomes, in any order.
  caf::reacts_to<atom::keep, std::vector<map_answer>>,
  // Rows of this group that have not finished end as cancelled.
  caf::reacts_to<atom::cancel, std::string>, caf::replies_to<atom::status>::with<map_status>,
  // Makes everything safe; answers how the map stands.
  caf::replies_to<atom::close>::with<map_status>,
  // INTERNAL: keeps the answers that wait.
  caf::reacts_to<atom::flush>,
  // INTERNAL: makes the output safe.
  caf::reacts_to<atom::mark>>;

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<penstock::map_answer>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::map_status)

/// They stay inside a process, and inside the programs that run recipes.
CAF_BEGIN_TYPE_ID_BLOCK(penstock_map, caf::id_block::penstock::end)
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_offer))
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_answer))
  CAF_ADD_TYPE_ID(penstock_map, (std::vector<penstock::map_answer>))
  CAF_ADD_TYPE_ID(penstock_map, (penstock::map_status))
CAF_END_TYPE_ID_BLOCK(penstock_map)
