#include "core/load/load_series.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr double percent_high = 99, percent_middle = 50;

float seconds_of(duration d) { return static_cast<float>(to_seconds(d)); }

/// The mean of two levels, weighted by their lengths; negative: unknown.
double mean(double a, double weight_a, double b, double weight_b) {
  if (a < 0 || b < 0)
    return std::max(a, b);
  return (a * weight_a + b * weight_b) / std::max(weight_a + weight_b, 1e-9);
}

void join(load_second& a, const load_second& b) {
  a.open = mean(a.open, a.length, b.open, b.length);
  a.in_flight = mean(a.in_flight, a.length, b.in_flight, b.length);
  a.limit_share = mean(a.limit_share, a.length, b.limit_share, b.length);
  a.length += b.length;
  a.submitted += b.submitted;
  a.completed += b.completed;
  a.failed += b.failed;
  a.messages += b.messages;
  a.errors += b.errors;
  for (size_t i = 0; i < load_spans; ++i) {
    const auto middle = mean(a.p50[i], a.count[i], b.p50[i], b.count[i]);
    a.p50[i] = static_cast<float>(a.count[i] + b.count[i] > 0 ? middle : 0);
    a.p99[i] = std::max(a.p99[i], b.p99[i]);
    a.max[i] = std::max(a.max[i], b.max[i]);
    a.count[i] += b.count[i];
  }
}

} // namespace

std::string_view load_span_name(size_t span) noexcept {
  return span < load_messages    ? to_string(static_cast<load_message>(span))
         : span == load_span_job ? "job"
                                 : "queue_wait";
}

load_second& load_series::at(duration now) {
  const double second = std::max(0.0, to_seconds(now));
  if (points_.empty())
    points_.push_back({.start = 0, .length = step_});
  while (second >= points_.back().start + step_) {
    close();
    const auto start = points_.back().start + step_;
    if (points_.size() >= points_max)
      thin();
    points_.push_back({.start = start, .length = step_});
  }
  return points_.back(); // A late event counts as now.
}

void load_series::submitted(duration now, uint64_t requests) { at(now).submitted += requests; }

void load_series::outcome(duration now, bool completed) {
  ++(completed ? at(now).completed : at(now).failed);
}

void load_series::message(duration now, bool error) {
  auto& point = at(now);
  ++point.messages;
  point.errors += error;
}

void load_series::span(duration now, size_t span, duration length) {
  at(now);
  now_[span].record(length);
}

void load_series::sample(duration now, double open, double in_flight, double limit_share) {
  auto& point = at(now);
  point.open = (point.open * samples_ + open) / (samples_ + 1);
  point.in_flight = (point.in_flight * samples_ + in_flight) / (samples_ + 1);
  ++samples_;
  if (limit_share < 0)
    return;
  point.limit_share =
    (std::max(point.limit_share, 0.0) * share_samples_ + limit_share) / (share_samples_ + 1);
  ++share_samples_;
}

void load_series::finish(duration now) {
  if (points_.empty())
    return;
  constexpr double least = 0.1; // Rates of less would be noise.
  close();
  points_.back().length = std::clamp(to_seconds(now) - points_.back().start, least, step_);
}

void load_series::close() {
  auto& point = points_.back();
  for (size_t i = 0; i < load_spans; ++i) {
    auto& spans = now_[i];
    if (spans.count() == 0)
      continue;
    point.count[i] = static_cast<uint32_t>(spans.count());
    point.p50[i] = seconds_of(spans.percentile(percent_middle));
    point.p99[i] = seconds_of(spans.percentile(percent_high));
    point.max[i] = seconds_of(spans.max());
    spans = {};
  }
  // A point without a sample has the values of the point before it.
  if (samples_ == 0 && points_.size() > 1) {
    const auto& before = points_[points_.size() - 2];
    point.open = before.open;
    point.in_flight = before.in_flight;
  }
  samples_ = share_samples_ = 0;
}

void load_series::thin() {
  size_t kept = 0;
  for (size_t i = 0; i < points_.size(); i += 2) {
    auto point = points_[i];
    if (i + 1 < points_.size())
      join(point, points_[i + 1]);
    points_[kept++] = point;
  }
  points_.resize(kept);
  step_ *= 2;
}

} // namespace penstock::core
