#include "actors/job/jsonl_source.hpp"

#include "core/base/checksum.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void jsonl_source_state::pull(uint32_t requests_max, uint64_t bytes_max,
                              const chunk_taker_actor& to) {
  request_chunk chunk;
  uint64_t bytes = 0;
  while (chunk.requests.size() < requests_max && bytes < bytes_max) {
    auto next = reader->next();
    if (!next) {
      // The requests before the fault are good, but the job cannot be finished: report it at once.
      self->send(to, atom::failed_v, next.error());
      return;
    }
    if (!*next) {
      chunk.end = true;
      break;
    }
    if (!reader->is_regular())
      check_unseen(**next);
    if (strict && (*next)->rejection) {
      self->send(to, atom::failed_v, *(*next)->rejection);
      return;
    }
    if (shared.sums)
      shared.sums->add(core::request_sum(**next));
    bytes += (*next)->body ? (*next)->body->size() : 0;
    chunk.requests.push_back(make_shared_value(std::move(**next)));
    // A pipe may stop: do not hold back the requests that have come.
    if (!reader->is_regular() && !reader->has_more_buffered())
      break;
  }
  if (shared.mark)
    shared.mark->set(reader->mark());
  self->send(to, atom::chunk_v, std::move(chunk));
}

void jsonl_source_state::check_unseen(core::request& req) {
  if (!seen_.insert(core::checksum(req.custom_id)).second && !req.rejection)
    req.rejection =
      error{errc::invalid_input, "line " + std::to_string(req.line) + ": custom_id \"" +
                                   req.custom_id + "\" stands in an earlier line"};
}

source_actor::behavior_type jsonl_source(source_actor::stateful_pointer<jsonl_source_state> self,
                                         std::shared_ptr<io::request_reader> reader,
                                         shared_reading shared, bool strict) {
  self->state.self = self;
  self->state.reader.emplace(std::move(*reader));
  self->state.shared = std::move(shared);
  self->state.strict = strict;
  return {
    [self](atom::pull, uint32_t requests_max, uint64_t bytes_max) {
      if (auto to = caf::actor_cast<chunk_taker_actor>(self->current_sender()))
        self->state.pull(requests_max, bytes_max, to);
    },
  };
}

} // namespace penstock::actors
