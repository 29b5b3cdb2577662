#include "core/job/held_lanes.hpp"

#include "core/base/duration_text.hpp"

#include <algorithm>
#include <ctime>

namespace penstock::core {

time_point held_lanes::hold(uint64_t index, refusal why, time_point now) {
  const auto quota = why.cause.code == errc::quota_exhausted;
  std::sort(why.lanes.begin(), why.lanes.end());
  why.lanes.erase(std::unique(why.lanes.begin(), why.lanes.end()), why.lanes.end());
  auto [it, fresh] = groups_.try_emplace(std::move(why.lanes));
  auto& g = it->second;
  if (fresh)
    g.since = now;
  if (fresh || why.attempted)
    g.cause = std::move(why.cause);
  // The error of an open breaker does not contain the failure that opened it.
  if (fresh && !quota && !why.attempted && !last_failure_.empty())
    g.cause.context += "; the last request to fail: " + last_failure_;
  if (fresh || quota != g.quota)
    g.retry_at = now + gap(g, now);
  // Only the request that used up the quota knows when it begins again. Later refusals do not.
  if (quota)
    g.retry_at = std::max(g.retry_at, now + why.resume_in);
  g.quota = quota;
  g.waiting.insert(index);
  return g.retry_at;
}

void held_lanes::hold_alone(uint64_t index, error said, time_point until) {
  alone_.insert_or_assign(index, told{until, std::move(said)});
}

held_lanes::wait_reason held_lanes::first_alone() const {
  const auto first = std::min_element(
    alone_.begin(), alone_.end(), [](auto& a, auto& b) { return a.second.until < b.second.until; });
  return {first->second.said, false, first->second.until};
}

std::vector<uint64_t> held_lanes::answered(const lane_set& lanes) {
  answered_.insert(lanes.begin(), lanes.end());
  std::vector<uint64_t> freed;
  std::erase_if(groups_, [&](auto& one) {
    const auto& [names, g] = one;
    if (std::none_of(lanes.begin(), lanes.end(), [&](auto lane) {
          return std::binary_search(names.begin(), names.end(), lane);
        }))
      return false;
    freed.insert(freed.end(), g.waiting.begin(), g.waiting.end());
    return true;
  });
  return freed;
}

bool held_lanes::has_answered(const lane_set& lanes) const {
  return std::any_of(lanes.begin(), lanes.end(),
                     [this](auto lane) { return answered_.count(lane) == 1; });
}

// Asking costs little, and a short outage must not last longer than it does.
duration held_lanes::gap(const group& g, time_point now) const {
  return std::min(limits_.retry_every, std::max(limits_.retry_first, (now - g.since) / 20));
}

held_lanes::decision held_lanes::retry(time_point now,
                                       const std::function<uint32_t(uint64_t)>& attempts_of) {
  decision out;
  std::erase_if(alone_, [&](auto& one) {
    const auto due = one.second.until <= now;
    if (due)
      out.ready.push_back(one.first);
    return due;
  });
  for (auto it = groups_.begin(); it != groups_.end();) {
    auto& [lanes, g] = *it;
    if (g.retry_at > now) {
      ++it;
      continue;
    }
    if (g.quota) {
      out.ready.insert(out.ready.end(), g.waiting.begin(), g.waiting.end());
      it = groups_.erase(it);
      continue;
    }
    if (now - g.since > (has_answered(lanes) ? limits_.patience : limits_.first_patience)) {
      out.give_up = g.cause;
      return out;
    }
    g.retry_at = now + gap(g, now);
    const auto probe = std::min_element(g.waiting.begin(), g.waiting.end(), [&](auto a, auto b) {
      return attempts_of(a) < attempts_of(b);
    });
    if (probe != g.waiting.end()) {
      out.ready.push_back(*probe);
      g.waiting.erase(probe);
    }
    ++it;
  }
  return out;
}

std::optional<time_point> held_lanes::next_retry() const {
  std::optional<time_point> next;
  for (auto& [lanes, g] : groups_)
    next = next ? std::min(*next, g.retry_at) : g.retry_at;
  for (auto& [index, one] : alone_)
    next = next ? std::min(*next, one.until) : one.until;
  return next;
}

std::optional<held_lanes::wait_reason> held_lanes::reason() const {
  const group* found = nullptr;
  for (auto& [lanes, g] : groups_)
    if (!found || g.quota || !found->quota)
      found = &g;
  if (!found)
    return std::nullopt;
  return wait_reason{found->cause, found->quota, found->retry_at};
}

error come_back_later(size_t requests, const error& said, duration wait,
                      std::chrono::system_clock::time_point now) {
  const auto at = std::chrono::system_clock::to_time_t(
    std::chrono::time_point_cast<std::chrono::seconds>(now + wait + std::chrono::minutes{1}));
  std::tm utc{};
  gmtime_r(&at, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
  return {errc::quota_exhausted, "the provider told " + std::to_string(requests) +
                                   (requests == 1 ? " request" : " requests") +
                                   " to wait; come back at " + text + " (in " +
                                   format_duration(std::chrono::ceil<std::chrono::minutes>(wait)) +
                                   "). It said: " + said.context};
}

} // namespace penstock::core
