#include "tests/support/lane_model.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::test {

using core::charge_rule;
using core::dimension;
using core::reply_kind;

lane_model::lane_model(model_settings s, core::lane_limits limits)
    : settings{std::move(s)}, lane{limits, start}, random_{settings.seed} {
  for (size_t b = 0; b < buckets; ++b)
    level_[b] = settings.start_level * size_of(b);
  seconds_.resize(static_cast<size_t>(to_seconds(settings.length)) + 2);
}

double lane_model::noisy() {
  return 1 + std::uniform_real_distribution<>{-settings.noise, settings.noise}(random_);
}

void lane_model::refill() {
  for (size_t b = 0; b < buckets; ++b)
    level_[b] = std::min(size_of(b), level_[b] + limit_of(b) / 60 * to_seconds(now - refilled));
  refilled = now;
}

void lane_model::spend(size_t b, double n) {
  level_[b] -= n;
  current().spent[b] += n;
}

core::limit_readings lane_model::readings() const {
  core::limit_readings r;
  const bool anthropic = settings.charging == charge_rule::anthropic;
  auto fill = [&](dimension d, size_t b) {
    double left = std::max(0.0, std::floor(level_[b]));
    if (anthropic && b > 0)
      left = std::round(left / 1000) * 1000;
    r[static_cast<size_t>(d)] = {limit_of(b), left,
                                 from_seconds((size_of(b) - level_[b]) / limit_of(b) * 60)};
    if (settings.headers == model_settings::header_time::empty)
      r[static_cast<size_t>(d)] = {limit_of(b), 0, std::chrono::hours{1}};
    if (settings.headers == model_settings::header_time::partial)
      r[static_cast<size_t>(d)].reset.reset();
  };
  fill(dimension::requests_minute, 0);
  if (settings.headers == model_settings::header_time::partial)
    return r;
  fill(anthropic ? dimension::input_tokens : dimension::total_tokens, 1);
  if (anthropic)
    fill(dimension::output_tokens, 2);
  return r;
}

void lane_model::admit(const core::permit& p) {
  refill();
  const uint32_t bytes = bytes_.at(p.id);
  bytes_.erase(p.id);
  flight f;
  f.end.id = p.id;
  f.end.input_bytes = bytes;
  f.end.used.known = true;
  f.end.used.input_tokens =
    static_cast<uint64_t>(std::max(1.0, bytes / 3.5 * settings.usage_error * noisy()));
  const auto real = static_cast<double>(f.end.used.input_tokens);
  const bool anthropic = settings.charging == charge_rule::anthropic;
  f.output = settings.output_max > 0 ? std::floor(settings.output_max * 0.5 * noisy()) : 1;
  f.end.used.output_tokens = static_cast<uint64_t>(f.output);
  const double charge =
    anthropic ? real : std::max<double>(settings.output_max, real * settings.charge_error);
  const bool unlucky = std::uniform_real_distribution<>{}(random_) < storm;
  f.ok = !unlucky && level_[0] >= 1 && level_[1] >= charge && (!anthropic || level_[2] > 0);
  if (f.ok) {
    spend(0, 1);
    spend(1, charge);
    f.end.kind = reply_kind::success;
  } else {
    f.end.kind = reply_kind::rate_limited;
    const double wait = std::max({(1 - level_[0]) / limit_of(0), (charge - level_[1]) / limit_of(1),
                                  anthropic ? -level_[2] / limit_of(2) : 0.0, 0.0}) *
                        60;
    if (settings.retry_hint)
      f.end.retry_after = from_seconds(std::max(1.0, std::ceil(wait)));
    f.end.used = {};
  }
  f.at_admission = readings();
  in_flight_.emplace(now + duration(static_cast<int64_t>(settings.latency.count() * noisy())),
                     std::move(f));
}

void lane_model::answer(flight& f) {
  refill();
  if (f.ok && settings.charging == charge_rule::anthropic)
    spend(2, f.output);
  if (settings.headers == model_settings::header_time::at_answer ||
      settings.headers == model_settings::header_time::empty)
    f.end.limits = readings();
  if (settings.headers == model_settings::header_time::at_admission ||
      settings.headers == model_settings::header_time::partial)
    f.end.limits = f.at_admission;
  ++current().answered;
  if (!f.ok)
    ++current().rejected;
  lane.settle(f.end, now);
}

void lane_model::run() {
  std::vector<core::permit> permits;
  const auto end = start + settings.length;
  while (now < end) {
    if (settings.script)
      settings.script(*this, now_s());
    while (bytes_.size() < 64 + on_the_way_.size()) {
      core::permit_request req;
      req.id = next_id_++;
      req.tenant = "t" + std::to_string(req.id % 3);
      req.input_bytes = static_cast<uint32_t>(350 * noisy());
      req.output_tokens_max = settings.output_max;
      const auto bytes = req.input_bytes;
      if (!lane.enqueue(std::move(req), now))
        break;
      bytes_.emplace(next_id_ - 1, bytes);
    }
    permits.clear();
    lane.poll(now, permits);
    for (const auto& p : permits)
      if (settings.jitter > 0)
        on_the_way_.emplace(
          now + from_seconds(std::uniform_real_distribution<>{0, settings.jitter}(random_)), p);
      else
        admit(p);
    if (permits.size() == 64)
      continue; // The backlog was the limit, not the lane.
    auto next = end;
    if (!in_flight_.empty())
      next = std::min(next, in_flight_.begin()->first);
    if (!on_the_way_.empty())
      next = std::min(next, on_the_way_.begin()->first);
    if (auto wake = lane.next_wake(now))
      next = std::min(next, std::max(*wake, now + duration{1}));
    now = next;
    while (!on_the_way_.empty() && on_the_way_.begin()->first <= now)
      admit(on_the_way_.extract(on_the_way_.begin()).mapped());
    while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
      auto f = std::move(in_flight_.extract(in_flight_.begin()).mapped());
      answer(f);
    }
  }
}

double lane_model::use(double from, double to) const {
  double best = 0;
  for (size_t b = 0; b < buckets; ++b) {
    double spent = 0;
    for (auto s = static_cast<size_t>(from); s < static_cast<size_t>(to); ++s)
      spent += seconds_[s].spent[b];
    best = std::max(best, spent / (limit_of(b) * (to - from) / 60));
  }
  return best;
}

uint64_t lane_model::rejected(double from, double to) const {
  uint64_t n = 0;
  for (auto s = static_cast<size_t>(from); s < static_cast<size_t>(to); ++s)
    n += seconds_[s].rejected;
  return n;
}

uint64_t lane_model::answered(double from, double to) const {
  uint64_t n = 0;
  for (auto s = static_cast<size_t>(from); s < static_cast<size_t>(to); ++s)
    n += seconds_[s].answered;
  return n;
}

} // namespace penstock::test
