#include "apps/mock/mock_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::mock {

namespace {

size_t at(dimension d) { return static_cast<size_t>(d); }

/// Seconds that a limit's window spans.
double window_of(dimension d) { return d == dimension::requests_day ? 86400 : 60; }

} // namespace

void mock_bucket::configure(double capacity, double rate, time_point now, double start_level) {
  const bool fresh = capacity_ == 0;
  capacity_ = capacity;
  rate_ = rate;
  level_ = fresh ? capacity * start_level : std::min(level_, capacity);
  last_ = now;
}

void mock_bucket::refill(time_point now) {
  if (now <= last_)
    return;
  level_ = std::min(capacity_, level_ + rate_ * to_seconds(now - last_));
  last_ = now;
}

namespace {

constexpr std::array<std::string_view, 6> style_names{"none",   "openai", "anthropic",
                                                      "gemini", "ollama", "native"};

} // namespace

std::string_view to_string(limit_style s) noexcept { return style_names[static_cast<size_t>(s)]; }

std::optional<limit_style> limit_style_from(std::string_view text) noexcept {
  for (size_t i = 0; i < style_names.size(); ++i)
    if (style_names[i] == text)
      return static_cast<limit_style>(i);
  return std::nullopt;
}

double mock_limiter::limit(dimension d) const {
  using enum limit_style;
  const auto in = [style = options_.style](auto... styles) {
    return ((style == styles) || ...) ||
           style == native; // A native limiter shows every limit that is set.
  };
  switch (d) {
  case dimension::requests_minute: return in(openai, anthropic, gemini) ? options_.rpm : 0;
  case dimension::requests_day: return in(openai, anthropic, gemini) ? options_.rpd : 0;
  case dimension::input_tokens:
    if (options_.style == gemini && options_.itpm == 0)
      return options_.tpm; // Gemini counts input tokens only.
    return in(anthropic, gemini) ? options_.itpm : 0;
  case dimension::output_tokens: return in(anthropic) ? options_.otpm : 0;
  case dimension::total_tokens: return in(openai) ? options_.tpm : 0;
  }
  return 0;
}

void mock_limiter::configure(buckets& b, time_point now) const {
  for (size_t i = 0; i < dimension_count; ++i) {
    const auto d = static_cast<dimension>(i);
    const double l = limit(d);
    b[i].refill(now);
    if (l <= 0) {
      b[i] = {};
      continue;
    }
    const double rate = l / window_of(d);
    const bool quantised = options_.window > duration::zero() && d != dimension::requests_day;
    const double capacity = quantised ? std::max(1.0, rate * to_seconds(options_.window))
                                      : std::max(1.0, l * options_.burst);
    b[i].configure(capacity, rate, now, options_.start_level);
  }
}

mock_limiter::buckets& mock_limiter::find(std::string_view key, std::string_view model,
                                          time_point now) {
  name_.clear();
  if (options_.per_key)
    name_.append(key).append(1, '\0').append(model);
  auto it = sets_.find(name_);
  if (it == sets_.end() && sets_.size() >= sets_max) {
    name_.clear();
    it = sets_.find(name_);
  }
  if (it == sets_.end()) {
    it = sets_.emplace(name_, buckets{}).first;
    configure(it->second, now);
  }
  for (auto& b : it->second)
    b.refill(now);
  return it->second;
}

admission mock_limiter::admit(std::string_view key, std::string_view model, double input,
                              double output_max, time_point now) {
  admission a;
  if (!counts())
    return a;
  auto& b = find(key, model, now);
  const double total = options_.sum_tokens ? input + output_max : std::max(input, output_max);
  // Output is charged while it is produced. A request may begin if anything is left.
  const double least = std::min(1.0, b[at(dimension::output_tokens)].capacity());
  const std::array<double, dimension_count> need{1, 1, input, least, total};
  for (size_t i = 0; i < dimension_count; ++i) {
    // Rounding may leave slightly less than a whole request.
    if (!b[i].limited() || b[i].level() + 1e-6 >= need[i])
      continue;
    const bool too_large = need[i] > b[i].capacity() && i >= at(dimension::input_tokens);
    const double wait = b[i].ready_in(need[i]);
    if (!a.admitted && !too_large && (a.too_large || wait <= a.wait))
      continue;
    a.admitted = false;
    a.too_large = too_large;
    a.failing = static_cast<dimension>(i);
    a.wait = wait;
    a.limit = limit(a.failing);
    a.used = std::max(0.0, std::min(a.limit, b[i].capacity() - b[i].level()));
    a.requested = need[i];
    if (too_large)
      break;
  }
  if (!a.admitted) {
    auto& requests = b[at(dimension::requests_minute)];
    if (options_.charge_rejected && options_.style != limit_style::anthropic && requests.limited())
      requests.take(std::clamp(requests.level(), 0.0, 1.0));
    return a;
  }
  for (size_t i = 0; i < dimension_count; ++i)
    if (b[i].limited() && i != at(dimension::output_tokens))
      b[i].take(need[i]);
  a.charged_tokens = options_.style == limit_style::openai ? total : input;
  return a;
}

double mock_limiter::produced(std::string_view key, std::string_view model, double output,
                              time_point now) {
  if (options_.style != limit_style::anthropic)
    return 0;
  auto& b = find(key, model, now)[at(dimension::output_tokens)];
  if (b.limited())
    b.take(output);
  return output;
}

double mock_limiter::settle(std::string_view key, std::string_view model, double charged,
                            double real, time_point now) {
  if (options_.style != limit_style::openai || !options_.refund || charged <= real)
    return 0;
  auto& b = find(key, model, now)[at(dimension::total_tokens)];
  if (b.limited())
    b.give(charged - real);
  return charged - real;
}

limit_levels mock_limiter::levels(std::string_view key, std::string_view model, time_point now) {
  limit_levels out;
  if (!counts())
    return out;
  const auto& b = find(key, model, now);
  for (size_t i = 0; i < dimension_count; ++i) {
    if (!b[i].limited())
      continue;
    out[i] = {true, limit(static_cast<dimension>(i)),
              std::max(0.0, std::floor(b[i].level() + 1e-6)), b[i].ready_in(b[i].capacity())};
  }
  return out;
}

void mock_limiter::configure(const limiter_options& o, time_point now) {
  for (auto& [name, b] : sets_)
    for (auto& bucket : b)
      bucket.refill(now); // Until now the old rate holds.
  if (o.per_key != options_.per_key)
    sets_.clear();
  options_ = o;
  for (auto& [name, b] : sets_)
    configure(b, now);
}

void mock_limiter::scale(double factor, time_point now) {
  auto o = options_;
  for (double* l : {&o.rpm, &o.rpd, &o.tpm, &o.itpm, &o.otpm})
    *l *= factor;
  configure(o, now);
}

} // namespace penstock::mock
