#include "core/job_plan.hpp"

#include <utility>

namespace penstock::core {

namespace {

constexpr size_t changes_kept = 100;

mode choose(mode asked, std::optional<uint64_t> total) {
  if (asked != mode::automatic)
    return asked;
  if (!total || *total >= 3)
    return mode::parallel;
  return *total == 2 ? mode::batch : mode::sequential;
}

} // namespace

job_plan::job_plan(mode asked, std::optional<uint64_t> total, early_leave leave)
  : asked_{asked},
    first_{choose(asked, total)},
    home_{first_},
    current_{first_},
    lowest_{first_},
    leave_{leave} {
  if (current_ == mode::batch)
    step_down(true);
}

void job_plan::finished(bool degraded, errc cause) {
  ++finished_;
  if (degraded) {
    ++degraded_;
    last_cause_ = cause;
  }
}

bool job_plan::leave_early() const noexcept {
  return finished_ >= leave_.finished_min
         && static_cast<double>(degraded_) >= leave_.degraded_share * static_cast<double>(finished_);
}

void job_plan::step_down(bool for_good) {
  if (current_ == mode::parallel) {
    change_to(mode::batch, last_cause_,
              for_good ? "left early: " + std::to_string(degraded_) + " of "
                           + std::to_string(finished_) + " requests failed after all attempts"
                       : std::to_string(degraded_) + " requests failed after all attempts");
  }
  change_to(mode::sequential, errc::not_packable, "requests cannot be packed into one prompt yet");
  if (for_good)
    home_ = current_;
}

void job_plan::step_back() {
  if (home_ != current_)
    enter(home_);
}

std::string job_plan::mode_used() const {
  auto name = std::string{to_string(lowest_)};
  return lowest_ == first_ ? name : name + "_fallback";
}

void job_plan::change_to(mode to, errc code, std::string text) {
  ++changes_total_;
  if (changes_.size() < changes_kept)
    changes_.push_back({current_, to, code, std::move(text), finished_, degraded_});
  enter(to);
  if (to > lowest_)
    lowest_ = to;
}

void job_plan::enter(mode m) {
  current_ = m;
  finished_ = 0;
  degraded_ = 0;
}

} // namespace penstock::core
