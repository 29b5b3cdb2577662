#include "core/lane/latency_curve.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr double levels_per_doubling = 3;
// Each attempt counts for about this many that follow, and for as many rounds at least.
constexpr double memory_attempts = 400;
constexpr double memory_rounds = 6;
// Below this nobody gains by fewer in flight, and what is measured is mostly ourselves.
constexpr double time_floor = 0.01;
// A few tokens more or less do not show.
constexpr double tokens_floor = 16;
constexpr double worth_share = 0.3;
// Before anything is known, times are taken to differ as much as those of a usual provider.
constexpr double spread_prior = 0.4, spread_prior_weight = 8;

} // namespace

latency_curve::latency_curve(uint32_t width_max) {
  for (double k = 0;; ++k) {
    const auto width = static_cast<uint32_t>(std::lround(std::exp2(k / levels_per_doubling)));
    if (width >= width_max)
      break;
    if (levels_.empty() || width > levels_.back().width)
      levels_.push_back({.width = width, .log_width = std::log(width)});
  }
  levels_.push_back({.width = width_max, .log_width = std::log(width_max)});
  fitted_.resize(levels_.size());
}

size_t latency_curve::level_of(uint32_t width) const {
  const auto above = std::lower_bound(levels_.begin(), levels_.end(), width,
                                      [](const level& l, uint32_t w) { return l.width < w; });
  if (above == levels_.end())
    return levels_.size() - 1;
  if (above == levels_.begin())
    return 0;
  const auto below = std::prev(above);
  const double square = static_cast<double>(width) * width;
  const auto nearest = square < static_cast<double>(below->width) * above->width ? below : above;
  return static_cast<size_t>(nearest - levels_.begin());
}

void latency_curve::age(double kept) {
  unit_ /= kept;
  if (unit_ < 1e100)
    return;
  for (auto& l : levels_)
    l.weight /= unit_;
  unit_ = 1;
}

double latency_curve::slope() const {
  // An answer of twice the length takes at most twice the time; the prior says it does not matter.
  return std::clamp(ty_ / (tt_ + 1), 0.0, 1.0);
}

double latency_curve::record(uint32_t in_flight, duration time, double output_tokens) {
  auto& l = levels_[level_of(in_flight)];
  const double y = std::log(std::max(to_seconds(time), time_floor));
  const double t = output_tokens > 0 ? std::log(tokens_floor + output_tokens)
                   : l.weight > 0    ? l.tokens
                                     : tokens_;
  const double kept = 1 - 1 / std::max(memory_attempts, memory_rounds * in_flight);
  age(kept);
  tt_ *= kept;
  ty_ *= kept;
  yy_ *= kept;
  count_ = count_ * kept + 1;
  tokens_weight_ = tokens_weight_ * kept + 1;
  tokens_ += (t - tokens_) / tokens_weight_;
  l.weight += unit_;
  const double weight = l.weight / unit_;
  const double dy = y - l.time, dt = t - l.tokens;
  if (weight > 1.5) {
    // As in a running variance: the step of the mean takes its share of the square.
    const double rest = 1 - 1 / weight;
    tt_ += rest * dt * dt;
    ty_ += rest * dt * dy;
    yy_ += rest * dy * dy;
  } else {
    count_ -= 1;
  }
  l.time += dy / weight;
  l.tokens += dt / weight;
  stale_ = true;
  return y - slope() * (t - tokens_);
}

void latency_curve::restate(size_t level, double mean, double attempts, double share) {
  for (auto& l : levels_)
    l.weight *= 1 - share;
  auto& l = levels_[level];
  l.weight = attempts * unit_;
  l.time += mean - measured(level);
  stale_ = true;
}

double latency_curve::measured(size_t level) const {
  const auto& l = levels_[level];
  return l.time - slope() * (l.tokens - tokens_);
}

double latency_curve::spread() const {
  const double left = std::max(0.0, yy_ - slope() * ty_);
  return std::sqrt((left + spread_prior_weight * spread_prior * spread_prior) /
                   (count_ + spread_prior_weight));
}

double latency_curve::noise(size_t a, size_t b) const {
  return spread() * std::sqrt(1 / weight(a) + 1 / weight(b));
}

// Pools adjacent violators: each group of levels gets one value, and the values rise.
void latency_curve::fit() {
  struct group {
    double value, weight;
    size_t end;
  };
  std::vector<group> groups;
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (!known(i)) {
      if (!groups.empty())
        groups.back().end = i + 1;
      continue;
    }
    groups.push_back({measured(i), weight(i), i + 1});
    while (groups.size() > 1 && groups[groups.size() - 2].value >= groups.back().value) {
      const auto last = groups.back();
      groups.pop_back();
      auto& into = groups.back();
      into.value =
        (into.value * into.weight + last.value * last.weight) / (into.weight + last.weight);
      into.weight += last.weight;
      into.end = last.end;
    }
  }
  size_t at = 0;
  for (const auto& g : groups)
    for (; at < g.end; ++at)
      fitted_[at] = g.value;
  stale_ = false;
}

double latency_curve::worth(size_t level) {
  if (stale_)
    fit();
  return (1 - worth_share) * levels_[level].log_width - fitted_[level];
}

} // namespace penstock::core
