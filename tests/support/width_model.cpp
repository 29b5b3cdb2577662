#include "tests/support/width_model.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

namespace penstock::test {

using shape = width_settings::shape;

namespace {

constexpr double refusal_takes = 0.005;

} // namespace

double width_model::draw(double& tokens) {
  std::normal_distribution<> normal;
  double factor = std::exp(settings_.sigma * normal(random_));
  if (std::uniform_real_distribution<>{}(random_) < settings_.slow_share)
    factor *= 10;
  if (settings_.tokens_median > 0) {
    tokens = std::max(1.0, std::floor(settings_.tokens_median * std::exp(0.8 * normal(random_))));
    factor = 0.5 * factor + 0.5 * tokens / settings_.tokens_median;
  }
  return settings_.latency * factor;
}

double width_model::throughput(uint32_t fixed, double from, double to) {
  random_.seed(settings_.seed);
  const time_point start{std::chrono::hours{1}};
  core::in_flight_limiter limiter{settings_.width_max, start};
  std::multimap<double, flight> flights; // By end; of `shared`, by the work at which they end.
  std::priority_queue<double, std::vector<double>, std::greater<>> servers;
  double now = 0, work = 0, width_time = 0, done = 0, attempts = 0, dropped = 0;
  uint64_t ordinals = 0;
  const auto at = [&](double t) { return start + from_seconds(t); };
  const auto capacity = [&] {
    return settings_.capacity_at ? settings_.capacity_at(now) : settings_.capacity;
  };
  const auto speed = [&] { // Of `shared`: work done a second for each.
    if (settings_.form != shape::shared)
      return 1.0;
    return std::min(1.0, capacity() / std::max<double>(1, static_cast<double>(flights.size())));
  };
  std::uniform_real_distribution<> uniform;
  while (now < to) {
    const auto limit = fixed > 0 ? fixed : limiter.limit();
    while (flights.size() < limit) {
      flight f;
      const auto n = static_cast<double>(flights.size() + 1);
      f.end.granted = at(now);
      f.end.in_flight = static_cast<uint32_t>(n);
      double tokens = 0;
      double takes = draw(tokens);
      f.end.output_tokens = settings_.usage ? tokens : 0;
      const double c = capacity();
      if (settings_.form == shape::coupled)
        takes *= 1 + std::pow(n / c, 4);
      if (settings_.form == shape::queue || settings_.form == shape::thrash) {
        if (settings_.form == shape::thrash)
          takes *= 1 + 0.5 * std::max(0.0, n - c) / c;
        while (static_cast<double>(servers.size()) > std::floor(c))
          servers.pop();
        double begin = now;
        if (static_cast<double>(servers.size()) == std::floor(c)) {
          begin = std::max(now, servers.top());
          servers.pop();
        }
        servers.push(begin + takes);
        takes += begin - now;
      }
      f.ok = !(settings_.form == shape::refuse && n > c) &&
             !(settings_.fail_share > 0 && uniform(random_) < settings_.fail_share);
      if (!f.ok) {
        takes = refusal_takes;
        f.end.how = core::attempt_end::kind::dropped;
        f.end.output_tokens = 0;
      }
      f.ordinal = ++ordinals;
      if (fixed == 0)
        limiter.granted(f.ordinal, f.end.in_flight, at(now));
      flights.emplace((settings_.form == shape::shared ? work : now) + takes, f);
    }
    const double rate = speed();
    const double next = settings_.form == shape::shared
                          ? now + (flights.begin()->first - work) / rate
                          : flights.begin()->first;
    if (now >= from)
      width_time += static_cast<double>(flights.size()) * (next - now);
    work += (next - now) * rate;
    now = next;
    auto f = flights.extract(flights.begin()).mapped();
    if (now >= from) {
      done += f.ok;
      dropped += !f.ok;
      ++attempts;
    }
    if (fixed == 0)
      limiter.ended(f.ordinal, f.end, at(now));
  }
  mean_width_ = width_time / (to - from);
  drops_ = attempts > 0 ? dropped / attempts : 0;
  return done / (to - from);
}

} // namespace penstock::test
