#include "core/load/load_schedule.hpp"

#include "core/json/json_scan.hpp"

#include <cmath>

namespace penstock::core {

namespace {

// Streams of random numbers: arrivals, messages, bodies.
constexpr uint64_t gap_stream = 1, message_stream = 1ull << 40, body_stream = 1ull << 50;

/// Draws a place in a list by weight.
template <class Weights>
size_t draw_place(const Weights& weight_of, size_t count, load_random& random) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i)
    sum += weight_of(i);
  double left = random.uniform() * sum;
  size_t last = 0;
  for (size_t i = 0; i < count; ++i) {
    if (weight_of(i) <= 0)
      continue;
    last = i;
    if ((left -= weight_of(i)) < 0)
      return i;
  }
  return last; // Rounding.
}

} // namespace

load_schedule::load_schedule(const load_script& script)
    : script_{&script}, gaps_{script.seed, gap_stream} {
  advance();
}

load_arrival_event load_schedule::take() {
  auto taken = *next_;
  advance();
  return taken;
}

void load_schedule::advance() {
  for (; phase_ < script_->phases.size(); ++phase_) {
    auto& phase = script_->phases[phase_];
    const double length = to_seconds(phase.length);
    if (const double at = time_in(phase); at < length) {
      next_.emplace();
      next_->at = from_seconds(phase_start_ + at);
      fill(*next_, phase);
      ++in_phase_;
      ++number_;
      return;
    }
    phase_start_ += length;
    in_phase_ = 0;
    poisson_at_ = 0;
  }
  next_.reset();
}

double load_schedule::time_in(const load_phase& phase) {
  const auto i = static_cast<double>(in_phase_);
  switch (phase.arrival) {
  case load_arrival::constant: return phase.rate > 0 ? i / phase.rate : HUGE_VAL;
  case load_arrival::poisson:
    if (phase.rate <= 0)
      return HUGE_VAL;
    return poisson_at_ += gaps_.exponential() / phase.rate;
  case load_arrival::burst:
    return std::floor(i / std::max(1u, phase.burst)) * to_seconds(phase.every);
  case load_arrival::ramp: {
    // The number of arrivals at t is rate t + slope t^2 / 2. Arrival i comes when that is i.
    const double slope = (phase.rate_to - phase.rate) / to_seconds(phase.length);
    if (phase.rate <= 0 && slope <= 0)
      return HUGE_VAL;
    const double root = phase.rate * phase.rate + 2 * slope * i;
    if (root < 0)
      return HUGE_VAL;
    const double below = phase.rate + std::sqrt(root);
    return i == 0 ? 0 : below > 0 ? 2 * i / below : HUGE_VAL;
  }
  }
  return HUGE_VAL;
}

void load_schedule::fill(load_arrival_event& event, const load_phase& phase) const {
  load_random random{script_->seed, message_stream + number_};
  event.number = number_;
  auto& mix = phase.mix ? *phase.mix : script_->mix;
  event.kind =
    static_cast<load_message>(draw_place([&](size_t i) { return mix[i]; }, mix.size(), random));
  event.pick = random.next();
  auto& tenants = script_->tenants;
  event.tenant = draw_place([&](size_t i) { return tenants[i].weight; }, tenants.size(), random);
  if (event.kind == load_message::submit)
    event.requests = std::max<uint64_t>(1, draw(tenants[event.tenant].requests, random));
}

std::string load_request_id(uint64_t job, uint64_t index) {
  return "load-" + std::to_string(job) + "-" + std::to_string(index);
}

request load_request(const load_script& script, const load_tenant& tenant, uint64_t job,
                     uint64_t index) {
  load_random random{script.seed, body_stream + (job << 24) + index};
  request r;
  r.index = index;
  r.custom_id = load_request_id(job, index);
  r.url = "/v1/chat/completions";
  r.model = script.model;
  r.output_tokens_max = tenant.output_tokens_max;
  auto text = r.custom_id;
  const auto size = draw(tenant.body_bytes, random);
  constexpr std::string_view words[]{" flow",  " valve", " basin", " gate",
                                     " river", " stone", " wheel", " mill"};
  while (text.size() < size)
    text += words[random.next() & 7];
  std::string body = R"({"model":)";
  append_json_string(body, script.model);
  body += R"(,"messages":[{"role":"user","content":)";
  append_json_string(body, text);
  body += "}]";
  if (tenant.output_tokens_max > 0)
    body += R"(,"max_tokens":)" + std::to_string(tenant.output_tokens_max);
  body += '}';
  r.body = make_payload(std::move(body));
  return r;
}

} // namespace penstock::core
