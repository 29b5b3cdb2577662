#include "core/view/rate_window.hpp"

namespace penstock::core {

namespace {

constexpr auto span_max = std::chrono::seconds{30};
constexpr auto sample_every = std::chrono::milliseconds{500};

} // namespace

void rate_window::look(time_point now, uint64_t done, uint64_t tokens) {
  if (!samples_.empty() && (done < samples_.back().done || tokens < samples_.back().tokens))
    samples_.clear();
  // The last sample moves with each look until it is old enough to be kept.
  if (samples_.size() > 1 && samples_.back().at - samples_[samples_.size() - 2].at < sample_every)
    samples_.back() = {now, done, tokens};
  else
    samples_.push_back({now, done, tokens});
  while (samples_.size() > 2 && now - samples_[1].at >= span_max)
    samples_.pop_front();
}

double rate_window::seconds() const {
  return samples_.size() < 2 ? 0 : to_seconds(samples_.back().at - samples_.front().at);
}

double rate_window::done_per_second() const {
  const auto s = seconds();
  return s > 0 ? static_cast<double>(samples_.back().done - samples_.front().done) / s : 0;
}

double rate_window::tokens_per_minute() const {
  const auto s = seconds();
  return s > 0 ? 60 * static_cast<double>(samples_.back().tokens - samples_.front().tokens) / s : 0;
}

} // namespace penstock::core
