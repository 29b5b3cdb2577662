#include "core/job/held_lanes.hpp"

#include <algorithm>

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
    g.retry_at = now + limits_.retry_every;
  // Only the request that used up the quota knows when it begins again. Later refusals do not.
  if (quota)
    g.retry_at = std::max(g.retry_at, now + why.resume_in);
  g.quota = quota;
  g.waiting.insert(index);
  return g.retry_at;
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

held_lanes::decision held_lanes::retry(time_point now,
                                       const std::function<uint32_t(uint64_t)>& attempts_of) {
  decision out;
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
    g.retry_at = now + limits_.retry_every;
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

} // namespace penstock::core
