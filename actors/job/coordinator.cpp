#include "actors/job/coordinator.hpp"

#include "actors/job/collector.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Requests of one pull: many, so that pulls are rare, but few enough to save memory.
constexpr uint32_t chunk_max = 512;

/// Bytes of the first pull. A job that waits for slots holds no more than that.
constexpr uint64_t taste_bytes = 64u << 10;

} // namespace

void coordinator_state::start(uint64_t job, engine_actor engine, job_options options,
                              job_parts parts, uint32_t incarnation) {
  job_ = job;
  engine_ = std::move(engine);
  options_ = std::move(options);
  parts_ = std::move(parts);
  // Packs do not use the response cache, so mode auto does not pack a job that uses the cache.
  const auto pack = options_.pack && options_.cache == core::cache_mode::off;
  plan_ = core::job_plan{options_.mode, parts_.total, pack, parts_.pack_because};
  packable_ = core::pack_queue{{options_.pack_entries_max, options_.pack_tokens_max}};
  packs_.restart(options_.in_flight_max);
  held_ =
    core::held_lanes{{std::chrono::seconds{1}, options_.outage_patience, options_.first_patience}};
  if (parts_.before.completed > 0)
    refusals_.answered(0);
  life_ = incarnation;
  budget_ = core::budget{options_.budget, parts_.before.cost, core::price_table{options_.prices}};
  window_ = core::request_window{parts_.first, first_epoch_of(life_)};
  counts_ = parts_.before;
  counts_.written = parts_.first;
  counts_.mode_asked = std::string{to_string(options_.mode)};
  collector = self->spawn<caf::linked>(actors::collector, coordinator_actor{self},
                                       collector_neighbours{parts_.sink, parts_.store},
                                       parts_.first, collector_window());
  self->link_to(parts_.source);
  self->link_to(parts_.sink);
  if (parts_.store)
    self->link_to(parts_.store);
  for (auto& item : parts_.recorded)
    recorded_.insert(item.index);
  if (!parts_.recorded.empty())
    self->send(collector, atom::collect_v, std::move(parts_.recorded));
  if (options_.deadline > duration{}) {
    deadline_ = self->clock().now() + options_.deadline;
    schedule_wake(options_.deadline);
  }
  maybe_pull();
}

/// Recorded results may be beyond our window, because an earlier life may have had a larger one.
uint32_t coordinator_state::collector_window() const {
  uint64_t wanted = options_.window_requests;
  for (auto& item : parts_.recorded)
    wanted = std::max(wanted, item.index - parts_.first + 1);
  return static_cast<uint32_t>(wanted);
}

void coordinator_state::maybe_pull() {
  const auto room =
    options_.window_requests - std::min<size_t>(window_.size(), options_.window_requests);
  const size_t together = plan_.packs() ? options_.pack_entries_max : 1;
  // Read ahead twice what was ever in flight. `in_flight_max` may be much more than the job gets.
  const auto ahead = 2 * std::min<size_t>(options_.in_flight_max, handouts_peak_) * together;
  const auto ready = window_.count(core::request_state::ready);
  if (pull_pending_ || source_ended_ || phase_ != phase::running || room == 0 ||
      window_.bytes() + held_bytes_ >= options_.window_bytes ||
      ready >= std::max<size_t>(ahead, chunk_max) || (handouts_peak_ == 0 && ready > 0))
    return;
  auto bytes = options_.window_bytes - window_.bytes() - held_bytes_;
  if (handouts_peak_ == 0)
    bytes = std::min(bytes, taste_bytes);
  pull_pending_ = true;
  self->send(parts_.source, atom::pull_v, std::min<uint32_t>(room, chunk_max), bytes);
}

void coordinator_state::take_chunk(const request_chunk& chunk) {
  pull_pending_ = false;
  source_ended_ = chunk.end;
  for (auto& what : chunk.requests) {
    const auto index = window_.end();
    if (recorded_.erase(index)) {
      window_.push(nullptr);
      continue;
    }
    ++counts_.read;
    window_.push(what);
    if (what->rejection)
      end_open(index, core::outcome_state::failed, *what->rejection);
    else if (ending_as_)
      end_open(index, *ending_as_, counts_.cause);
    else if (budget_.is_bounded() && !budget_.knows(*what))
      end_open(index, core::outcome_state::failed,
               {errc::invalid_config, "the model \"" + what->model +
                                        "\" has no price, and the job "
                                        "has a budget; add a [[prices]] row for it"});
    else if (plan_.packs() && !can_pack(index) && plan_.current() == core::mode::batch)
      skip(index);
  }
  // A recorded result may be written before its request is read.
  window_.pop_below(counts_.written);
  step();
}

void coordinator_state::take_progress(const collector_progress& progress) {
  held_bytes_ = progress.held_bytes;
  waiting_ = progress.waiting;
  window_.pop_below(progress.written_below);
  counts_.written = progress.written_below;
  step();
}

void coordinator_state::deliver(shared_outcome outcome) {
  const auto index = outcome->index;
  outcomes_.push_back({index, std::move(outcome), nullptr});
}

void coordinator_state::flush_outcomes() {
  if (outcomes_.empty())
    return;
  self->send(collector, atom::collect_v, std::move(outcomes_));
  outcomes_.clear();
}

/// After each event: send results, change the mode, pull, tell the demand, or end the job.
void coordinator_state::step() {
  flush_outcomes();
  change_mode();
  check_budget();
  maybe_pull();
  settle_withheld();
  settle_told_to_wait();
  flush_outcomes();
  announce();
  try_close();
}

coordinator_actor::behavior_type
coordinator(coordinator_actor::stateful_pointer<coordinator_state> self, uint64_t job,
            engine_actor engine, job_options options, std::shared_ptr<job_parts> parts,
            uint32_t incarnation) {
  self->state.self = self;
  self->state.start(job, std::move(engine), std::move(options), std::move(*parts), incarnation);
  return {
    [self](atom::report, const report_batch& batch) { self->state.take_reports(batch); },
    [self](atom::chunk, const request_chunk& chunk) { self->state.take_chunk(chunk); },
    [self](atom::failed, const error& why) { self->state.fail(why); },
    [self](atom::slots, node_actor node, uint64_t node_id, uint32_t slots) {
      self->state.take_slots(std::move(node), node_id, slots);
    },
    [self](atom::written, const collector_progress& x) { self->state.take_progress(x); },
    [self](atom::lost, uint64_t node) { self->state.lose_node(node); },
    [self](atom::leave, uint64_t node) { self->state.part_from(node); },
    [self](atom::drain) { self->state.drain(); },
    [self](atom::abort) { self->state.abort(); },
    [self](atom::cancel) { self->state.cancel(); },
    [self](atom::status) { return self->state.status(); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
