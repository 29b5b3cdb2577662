#include "apps/penstock/map/map_job.hpp"

#include "actors/store/job_record.hpp"
#include "actors/map/stage_port.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

namespace penstock::cli {

namespace {

constexpr auto job_answer_within = std::chrono::seconds{60}; // The hub may be busy with documents.

job_progress progress_of(const core::output_totals& t) {
  job_progress p;
  actors::apply_totals(p, t);
  return p;
}

} // namespace

result<actors::job_parts> map_job::launch(caf::actor_system& sys) {
  actors::job_parts parts;
  std::optional<error> gone;
  caf::scoped_actor self{sys, true};
  self->request(hub_, job_answer_within, atom::status_v)
    .receive(
      [&](const map_status& status) {
        const auto& stage = status.groups[number_ / stages_].stages[number_ % stages_];
        parts.before = progress_of(stage.done.requests);
      },
      [&](const caf::error& why) { gone = from_caf(why); });
  if (gone)
    return error{errc::io_error, "the rows of the map are gone: " + gone->context};
  auto port = sys.spawn(actors::stage_port, hub_, number_);
  parts.source = port;
  parts.sink = port;
  parts.store = port;
  parts.total = total_;
  return parts;
}

} // namespace penstock::cli
