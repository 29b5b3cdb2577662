#include "core/engine/lease_table.hpp"

namespace penstock::core {

void lease_table::add(node_id node, time_point now) { heard_[node] = now; }

void lease_table::remove(node_id node) { heard_.erase(node); }

bool lease_table::renew(node_id node, time_point now) {
  const auto known = heard_.find(node);
  if (known == heard_.end())
    return false;
  known->second = std::max(known->second, now);
  return true;
}

void lease_table::forgive(duration span, time_point now) {
  for (auto& [node, heard] : heard_)
    heard = std::max(heard, std::min(heard + span, now));
}

duration lease_table::silence(node_id node, time_point now) const {
  const auto known = heard_.find(node);
  return known == heard_.end() ? duration{} : std::max(duration{}, now - known->second);
}

bool lease_table::is_silent(node_id node, time_point now) const {
  return heard_.count(node) == 1 && silence(node, now) >= limits_.silent_after();
}

bool lease_table::is_lost(node_id node, time_point now) const {
  return heard_.count(node) == 1 && silence(node, now) >= limits_.lost_after;
}

std::vector<lease_table::node_id> lease_table::unheard_for(duration span, time_point now) const {
  std::vector<node_id> result;
  for (auto& [node, heard] : heard_)
    if (now - heard >= span)
      result.push_back(node);
  return result;
}

std::vector<lease_table::node_id> lease_table::silent(time_point now) const {
  return unheard_for(limits_.silent_after(), now);
}

std::vector<lease_table::node_id> lease_table::lost(time_point now) const {
  return unheard_for(limits_.lost_after, now);
}

std::optional<time_point> lease_table::next_change(time_point now) const {
  std::optional<time_point> next;
  for (auto& [node, heard] : heard_) {
    const auto silent = heard + limits_.silent_after();
    const auto at = silent > now ? silent : heard + limits_.lost_after;
    next = std::min(next.value_or(at), at);
  }
  return next;
}

uint64_t lease::beat(time_point now) {
  sent_.emplace_back(++number_, now);
  return number_;
}

void lease::answered(uint64_t number) {
  while (!sent_.empty() && sent_.front().first <= number) {
    if (sent_.front().first == number)
      confirmed_ = std::max(confirmed_, sent_.front().second);
    sent_.pop_front();
  }
}

} // namespace penstock::core
