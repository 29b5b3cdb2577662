#include "core/map/map_plan.hpp"

#include <algorithm>

namespace penstock::core {

map_plan::map_plan(std::vector<uint64_t> rows_of_group, uint32_t stages) : stages_{stages} {
  for (auto rows : rows_of_group)
    groups_.push_back({rows, std::vector<stage_entry>(stages)});
}

void map_plan::skip(uint32_t group) {
  --groups_[group].unread;
  ++first_;
}

void map_plan::admit(uint32_t group, uint32_t stage, uint32_t round) {
  const auto row = next_row();
  --groups_[group].unread;
  rows_.push_back({group, stage, round, state::ready});
  enter(row);
}

void map_plan::admit_finished(uint32_t group) {
  --groups_[group].unread;
  rows_.push_back({group, 0, 0, state::finished});
}

std::vector<map_ticket> map_plan::take(uint32_t group, uint32_t stage, size_t max) {
  std::vector<map_ticket> tickets;
  auto& place = groups_[group].stages[stage];
  while (tickets.size() < max && !place.ready.empty()) {
    const auto row = *place.ready.begin();
    leave(row);
    auto& e = entry(row);
    e.at = state::offered;
    enter(row);
    tickets.push_back({row, stage, e.round});
  }
  return tickets;
}

bool map_plan::is_offered(const map_ticket& t) const {
  if (t.row < first_ || t.row >= next_row())
    return false;
  const auto& e = rows_[t.row - first_];
  return e.at == state::offered && e.stage == t.stage && e.round == t.round;
}

void map_plan::advance(uint64_t row) {
  leave(row);
  auto& e = entry(row);
  ++e.stage;
  e.round = 0;
  e.at = state::ready;
  enter(row);
}

void map_plan::again(uint64_t row) {
  leave(row);
  auto& e = entry(row);
  ++e.round;
  e.at = state::ready;
  enter(row);
}

void map_plan::finish(uint64_t row) {
  leave(row);
  entry(row).at = state::finished;
}

void map_plan::take_back(uint32_t group, uint32_t stage) {
  auto& place = groups_[group].stages[stage];
  for (auto row : place.offered)
    entry(row).at = state::ready;
  place.ready.merge(place.offered);
}

std::optional<uint64_t> map_plan::release() {
  if (rows_.empty() || rows_.front().at != state::finished)
    return std::nullopt;
  rows_.pop_front();
  return first_++;
}

bool map_plan::has_ended(uint32_t group, uint32_t stage) const {
  const auto& g = groups_[group];
  return g.unread == 0 && std::all_of(g.stages.begin(), g.stages.begin() + stage + 1,
                                      [](auto& s) { return s.ready.empty() && s.offered.empty(); });
}

std::vector<uint64_t> map_plan::ready_rows(uint32_t group) const {
  std::vector<uint64_t> rows;
  for (auto& s : groups_[group].stages)
    rows.insert(rows.end(), s.ready.begin(), s.ready.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

size_t map_plan::ready(uint32_t group, uint32_t stage) const {
  return groups_[group].stages[stage].ready.size();
}

size_t map_plan::offered(uint32_t group, uint32_t stage) const {
  return groups_[group].stages[stage].offered.size();
}

uint64_t map_plan::unread(uint32_t group) const { return groups_[group].unread; }

void map_plan::leave(uint64_t row) {
  auto& e = entry(row);
  auto& p = place(e);
  (e.at == state::ready ? p.ready : p.offered).erase(row);
}

void map_plan::enter(uint64_t row) {
  auto& e = entry(row);
  auto& p = place(e);
  (e.at == state::ready ? p.ready : p.offered).insert(row);
}

} // namespace penstock::core
