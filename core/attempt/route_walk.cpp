#include "core/attempt/route_walk.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// Refusals that end by themselves; the job waits for their end.
bool is_closed(errc code) { return code == errc::unavailable || code == errc::quota_exhausted; }

} // namespace

route_walk::route_walk(std::vector<core::candidate> candidates,
                       const std::vector<route_lane>& lanes)
    : lanes_{&lanes} {
  for (auto& one : candidates) {
    seats_.emplace_back();
    seats_.back().what = std::move(one);
  }
}

size_t route_walk::alive() const {
  return static_cast<size_t>(
    std::count_if(seats_.begin(), seats_.end(), [](auto& s) { return !s.out; }));
}

std::string route_walk::text_of(const seat& s) const {
  return "lane " + (*lanes_)[s.what.lane].name + ": " + s.refusal->context;
}

std::string route_walk::names_of(const std::vector<uint32_t>& lanes) const {
  std::string out;
  for (auto lane : lanes)
    out += (out.empty() ? "" : ", ") + (*lanes_)[lane].name;
  return out;
}

void route_walk::begin_round() {
  for (auto& s : seats_)
    if (!s.out)
      s.refusal.reset();
}

std::optional<route_walk::step> route_walk::next() const {
  const seat* shortest = nullptr;
  for (auto& s : seats_) {
    if (!s.refusal)
      return step{static_cast<size_t>(&s - seats_.data()), alive() == 1};
    // A candidate without an alternative never refuses because of a pause, so this ends.
    if (!s.out && s.refusal->code == errc::rate_limited &&
        (!shortest || s.retry_in < shortest->retry_in))
      shortest = &s;
  }
  if (!shortest)
    return std::nullopt;
  return step{static_cast<size_t>(shortest - seats_.data()), true};
}

route_walk::dead_end route_walk::end() const {
  dead_end out;
  out.all_out = alive() == 0;
  // The job waits for lanes that are closed; else a full queue is tried again, else nothing helps.
  const auto rank = [](const seat& s) {
    return is_closed(s.refusal->code) ? 2 : s.refusal->code == errc::overflow ? 1 : 0;
  };
  const seat* best = nullptr;
  std::string all;
  bool all_billing = true, all_quota = true;
  for (auto& s : seats_) {
    if (!s.refusal)
      continue;
    all += (all.empty() ? "" : "; ") + text_of(s);
    all_billing = all_billing && s.refusal->code == errc::billing;
    if (!out.all_out && s.out)
      continue;
    if (!best || rank(s) > rank(*best))
      best = &s;
    if (!is_closed(s.refusal->code))
      continue;
    all_quota = all_quota && s.refusal->code == errc::quota_exhausted;
    if (std::find(out.lanes.begin(), out.lanes.end(), s.what.lane) == out.lanes.end())
      out.lanes.push_back(s.what.lane);
    if (s.retry_in > duration{} && (out.retry_in == duration{} || s.retry_in < out.retry_in))
      out.retry_in = s.retry_in;
  }
  if (!best)
    return out;
  out.why = *best->refusal;
  if (seats_.size() > 1)
    out.why.context =
      (out.all_out ? "every lane of the route is out: " : "no lane takes this request: ") + all;
  if (out.all_out && seats_.size() > 1)
    out.why.code = all_billing ? errc::billing : errc::unauthorized;
  // One breaker among used-up quotas may close again soon.
  if (is_closed(out.why.code))
    out.why.code = all_quota ? errc::quota_exhausted : errc::unavailable;
  return out;
}

void route_walk::refuse(size_t candidate, error why, duration retry_in) {
  auto& s = seats_[candidate];
  if (s.out)
    return;
  s.refusal = std::move(why);
  s.retry_in = retry_in;
}

bool route_walk::lose_lane(uint32_t lane, const error& why) {
  bool news = false;
  for (auto& s : seats_) {
    if (s.what.lane != lane || s.out)
      continue;
    s.refusal = why;
    s.out = news = true;
  }
  return news;
}

std::optional<size_t> route_walk::other_than(size_t candidate) const {
  for (auto& s : seats_)
    if (!s.refusal && s.what.lane != at(candidate).lane)
      return static_cast<size_t>(&s - seats_.data());
  return std::nullopt;
}

std::string route_walk::reason(size_t candidate) const {
  std::string out;
  for (size_t i = 0; i < candidate; ++i)
    if (seats_[i].refusal)
      out += (out.empty() ? "" : "; ") + text_of(seats_[i]);
  return out;
}

} // namespace penstock::core
