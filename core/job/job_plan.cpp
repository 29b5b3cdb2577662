#include "core/job/job_plan.hpp"

#include <utility>

namespace penstock::core {

namespace {

constexpr size_t changes_kept = 100;

mode choose(mode asked, std::optional<uint64_t> total, bool may_pack) {
  if (asked != mode::automatic)
    return asked;
  if (total && *total == 2 && may_pack)
    return mode::batch;
  return total && *total <= 1 ? mode::sequential : mode::parallel;
}

} // namespace

job_plan::job_plan(mode asked, std::optional<uint64_t> total, bool may_pack,
                   std::string pack_because, early_leave leave)
    : asked_{asked}, first_{choose(asked, total, may_pack)}, home_{first_}, current_{first_},
      lowest_{first_}, leave_{leave} {
  if (asked_ == mode::automatic && first_ == mode::parallel && may_pack && !pack_because.empty()) {
    packed_ = packing_ = true;
    changes_.push_back({mode::automatic, mode::parallel, errc::rate_limited,
                        "packed: " + std::move(pack_because), 0, 0});
    ++changes_total_;
  }
}

void job_plan::finished(bool degraded, errc cause) {
  ++finished_;
  if (degraded) {
    ++degraded_;
    last_cause_ = cause;
  }
}

void job_plan::pack_answered(bool wrong) {
  ++packs_;
  packs_wrong_ += wrong;
}

bool job_plan::is_half(uint64_t part, uint64_t whole) const noexcept {
  return whole >= leave_.finished_min &&
         static_cast<double>(part) >= leave_.degraded_share * static_cast<double>(whole);
}

bool job_plan::packs_fail() const noexcept { return packs() && is_half(packs_wrong_, packs_); }

bool job_plan::leave_early() const noexcept {
  if (is_half(degraded_, finished_))
    return true;
  return current_ == mode::batch &&
         (packs_fail() || (finished_ == 0 && skipped_ >= leave_.finished_min));
}

/// The reason of the next change of mode.
error job_plan::why(bool for_good) const {
  const auto prefix = std::string{for_good ? "left early: " : ""};
  const auto of = [](uint64_t part, uint64_t whole) {
    return std::to_string(part) + " of " + std::to_string(whole);
  };
  if (for_good && is_half(degraded_, finished_))
    return {last_cause_, prefix + of(degraded_, finished_) + " requests failed after all attempts"};
  if (packs_fail())
    return {errc::pack_mismatch, prefix + of(packs_wrong_, packs_) + " packs came back wrong"};
  if (degraded_ > 0)
    return {last_cause_, std::to_string(degraded_) + " requests failed after all attempts"};
  return {errc::not_packable,
          prefix + std::to_string(skipped_) + " requests cannot be packed into one prompt"};
}

void job_plan::stop_packing() {
  auto [code, text] = why(true);
  packing_ = false;
  change_to(mode::parallel, code, std::move(text));
}

void job_plan::step_down(bool for_good) {
  auto [code, text] = why(for_good);
  change_to(current_ == mode::parallel ? mode::batch : mode::sequential, code, std::move(text));
  if (for_good)
    home_ = current_;
}

void job_plan::step_back() {
  if (home_ != current_)
    enter(home_);
}

std::string job_plan::mode_used() const {
  auto name = std::string{to_string(lowest_)};
  if (lowest_ != first_)
    return name + "_fallback";
  return packed_ ? name + "_packed" : name;
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
  skipped_ = 0;
  packs_ = 0;
  packs_wrong_ = 0;
}

} // namespace penstock::core
