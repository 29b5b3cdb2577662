#include "apps/mock/mock_latency.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>
#include <array>

namespace penstock::mock {

using namespace std::chrono_literals;

namespace {

struct profile {
  std::string_view name;
  latency_model model;
};

constexpr auto ttft = latency_model::kind::ttft;
const std::array profiles{
  profile{"gpt-4o-mini", {ttft, 645ms, 0.32, 105, 0.01}},
  profile{"claude-haiku", {ttft, 731ms, 0.25, 58, 0.01}},
  profile{"gemini-flash", {ttft, 556ms, 0.87, 137, 0.01}},
  profile{"llama-70b", {ttft, 761ms, 0.65, 48, 0.01}},
};

error bad(std::string_view text) {
  return {errc::invalid_config, "latency '" + std::string{text} +
                                  "' is none of 0, 50ms, fixed:50ms, lognormal:p50=..,sigma=.., "
                                  "ttft:p50=..,sigma=..,tps=..,tail=.. or a profile"};
}

} // namespace

service_time latency_model::draw(mock_random& r, double prompt_tokens, double output_tokens,
                                 double load) const {
  if (what == kind::none)
    return {};
  double first = to_seconds(p50);
  if (what != kind::fixed)
    first = r.lognormal(first, sigma);
  if (what == kind::ttft) {
    first += prompt_tokens / prefill;
    if (r.uniform() < tail)
      first *= 5 + 15 * r.uniform();
  }
  double total = first;
  if (tps > 0)
    total += output_tokens / (tps * r.lognormal(1, 0.15));
  return {from_seconds(first * load), from_seconds(total * load)};
}

result<latency_model> parse_latency(std::string_view text) {
  for (const auto& p : profiles)
    if (p.name == text)
      return p.model;
  latency_model m;
  const auto parts = split_spec(text);
  if (parts.empty())
    return bad(text);
  const auto kind = parts[0].first;
  size_t next = 1;
  if (kind == "lognormal" || kind == "ttft") {
    m.what = kind == "ttft" ? latency_model::kind::ttft : latency_model::kind::lognormal;
  } else {
    m.what = latency_model::kind::fixed;
    next = kind == "fixed" ? 1 : 0;
  }
  for (; next < parts.size(); ++next) {
    const auto [key, value] = parts[next];
    const bool span = key == "p50" || (value.empty() && m.what == latency_model::kind::fixed);
    if (span) {
      const auto d = parse_span(value.empty() ? key : value);
      if (!d)
        return bad(text);
      m.p50 = *d;
      continue;
    }
    double* field = key == "sigma"     ? &m.sigma
                    : key == "tps"     ? &m.tps
                    : key == "tail"    ? &m.tail
                    : key == "prefill" ? &m.prefill
                                       : nullptr;
    const auto n = parse_number(value);
    if (!field || !n || *n < 0 || (field == &m.prefill && *n == 0))
      return bad(text);
    *field = *n;
  }
  if (m.what == latency_model::kind::fixed && m.p50 == duration::zero() && m.tps == 0)
    m.what = latency_model::kind::none;
  return m;
}

double load_factor(uint64_t in_flight, uint64_t capacity) {
  if (capacity == 0)
    return 1;
  const double share = static_cast<double>(in_flight) / static_cast<double>(capacity);
  return 1 + share * share * share * share;
}

double server_pool::thrash(uint64_t in_flight) const {
  if (options_.count == 0 || in_flight <= options_.count)
    return 1;
  const auto waiting = static_cast<double>(in_flight - options_.count);
  return 1 + options_.thrash * waiting / static_cast<double>(options_.count);
}

void server_pool::enter(service_time& t, time_point now) {
  auto start = now;
  if (free_.size() >= options_.count) {
    start = std::max(now, free_.top());
    free_.pop();
  }
  free_.push(start + t.total);
  t.first += start - now;
  t.total += start - now;
}

} // namespace penstock::mock
