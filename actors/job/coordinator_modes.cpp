#include "actors/job/coordinator.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

void coordinator_state::change_mode() {
  if (phase_ != phase::running || ending_as_)
    return;
  const auto idle = handouts() == 0;
  if (plan_.on_detour()) {
    if (idle)
      go_on_with_detour();
    return;
  }
  if (plan_.current() == core::mode::parallel && plan_.packs_fail())
    plan_.stop_packing();
  if (leaving_ || plan_.leave_early()) {
    leaving_ = true; // First wait for the requests in flight.
    if (!idle)
      return;
    leaving_ = false;
    if (plan_.is_last())
      give_up({plan_.last_cause(), "the upstream fails most requests in every mode"});
    else
      step_down();
    return;
  }
  // Requests that failed here or cannot run here block the window, or only they are left.
  if (idle && !plan_.is_last() && window_.lowest(core::request_state::carried) &&
      handout_limit() == 0)
    begin_detour();
}

/// Whether batch can pack the request at `index`.
bool coordinator_state::can_pack(uint64_t index) {
  return options_.pack_entries_max > 1 && packable_.look(index, *window_.find(index)->what);
}

/// Carries a request to the mode after batch.
void coordinator_state::skip(uint64_t index) {
  plan_.skipped();
  window_.move(index, core::request_state::carried);
}

void coordinator_state::step_down() {
  plan_.step_down(true);
  for (auto index : window_.all(core::request_state::carried))
    window_.move(index, core::request_state::ready);
  if (plan_.current() == core::mode::batch) {
    packs_.restart(options_.in_flight_max);
    for (auto index : window_.all(core::request_state::ready))
      if (!can_pack(index))
        skip(index);
    change_mode(); // Perhaps no request is left in this mode.
  }
}

/// Runs only the carried requests in the next mode. Batch skips requests that cannot be packed or
/// have no partner. If that is all of them, batch itself is skipped.
void coordinator_state::begin_detour() {
  const auto carried = window_.all(core::request_state::carried);
  plan_.step_down(false);
  detour_ = {carried.begin(), carried.end()};
  if (plan_.current() == core::mode::batch) {
    std::erase_if(detour_, [this](uint64_t index) { return !can_pack(index); });
    if (detour_.size() < 2)
      detour_.clear();
    for (auto n = carried.size() - detour_.size(); n > 0; --n)
      plan_.skipped();
    packs_.restart(options_.in_flight_max);
    if (detour_.empty()) {
      plan_.step_down(false);
      detour_ = {carried.begin(), carried.end()};
    }
  }
  for (auto index : detour_)
    window_.move(index, core::request_state::ready);
}

/// Nothing is in flight. Requests that failed on the detour go to the next mode; after the last
/// mode the job returns to its first mode. If most requests fail in the last mode, too, requests
/// that have used all their attempts are not tried again.
void coordinator_state::go_on_with_detour() {
  const auto is_over = [this](uint64_t index) {
    const auto* entry = window_.find(index);
    return !entry || entry->state == core::request_state::done ||
           entry->state == core::request_state::carried;
  };
  std::erase_if(detour_, is_over);
  if (plan_.leave_early()) {
    for (auto index : detour_) {
      const auto& entry = *window_.find(index);
      if (entry.state != core::request_state::ready &&
          entry.state != core::request_state::suspected)
        continue;
      if (!plan_.is_last())
        window_.move(index, core::request_state::carried);
      else if (used_up(entry) && entry.last->failure)
        end_open(index, core::outcome_state::failed, *entry.last->failure);
    }
    std::erase_if(detour_, is_over);
  }
  if (detour_.empty()) {
    if (!plan_.is_last() && window_.lowest(core::request_state::carried))
      begin_detour();
    else
      plan_.step_back();
  }
  flush_outcomes();
}

} // namespace penstock::actors
