#include "actors/job/coordinator.hpp"

#include "actors/job/collector.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdio>

namespace penstock::actors {

namespace {

/// Attempts that a request gets in addition to `attempts_max` after it was carried to another mode.
/// If another mode follows, batch uses only one of them, so that one is left for the last mode.
constexpr uint32_t fallback_attempts = 2;
/// Largest number of answers that wait for a slow disk, because a crash would lose them and they
/// cost money. More than two writes, so that a fast disk never slows a job.
constexpr uint64_t waiting_max = 4 * collector_state::run_max;

} // namespace

bool coordinator_state::eligible() const {
  return phase_ == phase::running && !leaving_ && !ending_as_;
}

/// Requests in flight at the provider; a pack counts once.
size_t coordinator_state::handouts() const {
  return window_.count(core::request_state::in_flight) - packs_.others();
}

/// The request to hand out next; on a detour, only carried requests.
std::optional<uint64_t> coordinator_state::next_index() {
  if (plan_.on_detour()) {
    const auto next = std::find_if(detour_.begin(), detour_.end(),
                                   [this](auto i) { return suspects_.may_go(window_, i); });
    return next == detour_.end() ? std::nullopt : std::optional{*next};
  }
  const auto suspect = suspects_.next(window_);
  if (suspect && (held_bytes_ < options_.window_bytes || *suspect == window_.done_below()))
    return suspect;
  return window_.next_ready();
}

uint32_t coordinator_state::handout_limit() {
  if (!eligible())
    return 0;
  size_t cap = plan_.one_at_a_time() ? 1 : options_.in_flight_max;
  // Perhaps parallel mode failed because of its width.
  if (plan_.current() == core::mode::batch && plan_.fell_back())
    cap = std::min<size_t>(cap, packs_.width());
  const auto in_flight = handouts();
  const auto next = budget_.is_bounded() ? next_index() : std::nullopt;
  if (in_flight >= cap || (next && !affords(*next)))
    return 0;
  if (plan_.on_detour())
    return next_index() ? 1 : 0;
  if (waiting_ >= waiting_max)
    return 0;
  // Too many results wait for a slow disk or for the first request: hand out only the first one.
  if (held_bytes_ >= options_.window_bytes)
    return next_index() == window_.done_below() ? 1 : 0;
  auto wanted = window_.count(core::request_state::ready);
  if (plan_.packs()) // Lower bound: requests that cannot be packed ask for more slots later.
    wanted = (wanted + options_.pack_entries_max - 1) / options_.pack_entries_max;
  wanted += suspects_.next(window_).has_value();
  return static_cast<uint32_t>(std::min(cap - in_flight, wanted));
}

/// Whether the budget allows another hand-out of a request.
bool coordinator_state::affords(uint64_t index) const {
  return !budget_.is_bounded() ||
         budget_.admits(*window_.peek(index)->what,
                        window_.count(core::request_state::in_flight) == 0);
}

/// Ends the job if the budget is used up and no request in flight can free a part of it.
void coordinator_state::check_budget() {
  if (!budget_.is_bounded() || !eligible() || window_.count(core::request_state::in_flight) > 0)
    return;
  const auto next = next_index();
  if (!next || affords(*next))
    return;
  char text[200];
  std::snprintf(text, sizeof text,
                "the budget of $%.2f is used up: $%.4f spent, the next request may cost $%.4f",
                budget_.limit(), budget_.spent(), budget_.expected(*window_.peek(*next)->what));
  stop(job_state::aborted, {errc::budget_exhausted, text});
}

void coordinator_state::announce() {
  const auto wanted = handout_limit();
  if (wanted != told_) {
    told_ = wanted;
    self->send(engine_, atom::demand_v, job_, wanted);
  }
}

/// The options of the job for an assignment.
assignment coordinator_state::make_assignment() const {
  assignment work;
  work.job = job_;
  work.tenant = options_.tenant;
  work.priority = options_.priority;
  work.ran_as = plan_.current();
  work.attempts_max = options_.attempts_max;
  if (plan_.fell_back())
    work.attempts_max += fallback_attempts - (plan_.current() == core::mode::batch);
  work.seed = options_.seed;
  work.client_id = options_.client_id;
  work.cache = options_.cache;
  if (deadline_)
    work.time_left = std::max(duration{1}, *deadline_ - self->clock().now());
  return work;
}

assigned_request coordinator_state::hand_out(uint64_t index, uint64_t node_id) {
  const auto epoch = window_.hand_out(index, node_id);
  auto& entry = *window_.find(index);
  entry.turn = ++turn_;
  if (budget_.is_bounded())
    budget_.reserve(index, budget_.expected(*entry.what));
  assigned_request req{{job_, index, epoch}, shared_request{entry.what}, 0, 0, {}, {}};
  if (entry.last) {
    req.attempts_before = entry.last->attempts - entry.excused;
    req.rate_limited_before = entry.last->rate_limited;
    req.queued_before = entry.last->queued;
    req.upstream_before = entry.last->upstream;
  }
  return req;
}

/// Sends `members` as one pack. @returns false if they cannot be packed; then nothing has changed.
bool coordinator_state::send_pack(const std::vector<uint64_t>& members, const node_actor& node,
                                  uint64_t node_id) {
  std::vector<const core::request*> requests;
  double expected = 0;
  uint32_t used = 0;
  for (auto index : members) {
    const auto& entry = *window_.peek(index);
    requests.push_back(entry.what.get());
    expected += budget_.is_bounded() ? budget_.expected(*entry.what) : 0;
    if (entry.last) // The entry with the most attempts limits the pack, so that none gets too many.
      used = std::max(used, entry.last->attempts - entry.excused - entry.last->rate_limited);
  }
  if (!budget_.fits(expected))
    return false;
  const auto first = members.front();
  const auto epoch = window_.peek(first)->epoch + 1;
  auto made = core::compose_pack(requests, packs_.style(),
                                 options_.seed ^ (first * 0x9E3779B97F4A7C15u) ^ epoch);
  if (!made)
    return false;
  for (auto index : members)
    window_.hand_out(index, node_id);
  if (budget_.is_bounded())
    budget_.reserve(first, expected);
  auto work = make_assignment();
  work.cache = core::cache_mode::off; // The same pack will never be sent again.
  if (work.client_id.empty())
    work.client_id = window_.find(first)->what->custom_id;
  work.client_id += "-pack" + std::to_string(members.size());
  assigned_request req{{job_, first, window_.find(first)->epoch},
                       make_shared_value(std::move(made->what)),
                       used,
                       0,
                       {},
                       {}};
  made->what = {};
  work.requests.push_back(std::move(req));
  packs_.add(std::move(*made), used);
  self->send(node, atom::assign_v, std::move(work));
  return true;
}

void coordinator_state::take_slots(node_actor node, uint64_t node_id, uint32_t slots) {
  told_ -= std::min(told_, slots);
  std::vector<assigned_request> alone;
  uint32_t used = 0;
  bool skipped = false;
  const auto is_ready = [this](uint64_t index) {
    return window_.peek(index)->state == core::request_state::ready &&
           (!plan_.on_detour() || detour_.count(index) == 1);
  };
  while (used < slots && handout_limit() > 0) {
    const auto index = next_index();
    if (!index || !affords(*index))
      break;
    if (plan_.packs()) {
      if (!can_pack(*index) && plan_.current() == core::mode::batch) {
        skip(*index); // Held or lost in an earlier mode.
        skipped = true;
        continue;
      }
      const auto members = packable_.compose(*index, is_ready);
      if (members.size() > 1 && send_pack(members, node, node_id)) {
        ++used;
        continue;
      }
    }
    ++used;
    if (window_.peek(*index)->state == core::request_state::suspected) {
      auto work = make_assignment();
      work.requests.push_back(hand_out(*index, node_id));
      suspects_.begin(*index);
      self->send(node, atom::assign_v, std::move(work));
    } else {
      alone.push_back(hand_out(*index, node_id));
    }
  }
  if (used < slots)
    self->send(engine_, atom::freed_v, slot_return{job_, node_id, slots - used, life_});
  if (used > 0) {
    nodes_[node_id] = node;
    handouts_peak_ = std::max(handouts_peak_, handouts());
    counts_.in_flight_peak =
      std::max<uint64_t>(counts_.in_flight_peak, window_.count(core::request_state::in_flight));
  }
  if (!alone.empty()) {
    auto work = make_assignment();
    work.requests = std::move(alone);
    self->send(node, atom::assign_v, std::move(work));
  }
  if (skipped)
    step();
  maybe_pull();
  announce();
}

} // namespace penstock::actors
