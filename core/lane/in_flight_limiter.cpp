#include "core/lane/in_flight_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace penstock::core {

namespace {

constexpr size_t doubling = 3; // Levels.
// A visit uses at least this many attempts, so that the mean is right within 15 %.
constexpr double visit_precision = 0.15;
constexpr double visit_min = 8, visit_max = 120;
// Smaller differences (in standard errors) are noise.
constexpr double doubt = 1.5;
constexpr uint32_t patience_min = 3, patience_max = 24;
// A larger change of the times at home is not noise.
constexpr double shift_min = 0.15, shift_errors = 3;

// From this share on, the whole width counts as in flight.
constexpr double near = 0.85;
constexpr uint32_t overtaking_min = 8;
constexpr size_t crowd_min = 1024;
constexpr double cut = 0.9;
constexpr double drops_tolerated = 1.0 / 16;
constexpr uint32_t drops_min = 3;
constexpr uint32_t hold_min = 10, width_hold_max = 160;
// If a chain of cuts is this deep and the share of drops is the same, cutting does not help.
constexpr double chain_depth = 0.6, usual_drops_max = 0.5;
constexpr uint32_t share_min = 40;

} // namespace

in_flight_limiter::in_flight_limiter(uint32_t width_max, time_point now)
    : curve_{width_max}, level_{curve_.level_of(std::min(start_width, width_max))}, home_{level_},
      visit_began_{now}, patience_{patience_min}, hold_rounds_{hold_min}, cut_at_{now} {}

uint32_t in_flight_limiter::limit() const {
  if (ceiling_ == 0 || curve_.level_of(static_cast<uint32_t>(ceiling_)) > level_)
    return width();
  return static_cast<uint32_t>(std::max(1.0, ceiling_));
}

void in_flight_limiter::granted(uint64_t ordinal, uint32_t in_flight, time_point now) {
  if (entries_.empty())
    first_ordinal_ = ordinal;
  // Unknown ordinals are attempts without information.
  for (auto next = first_ordinal_ + entries_.size(); next < ordinal; ++next)
    entries_.emplace_back().now = entry::state::void_;
  auto& e = entries_.emplace_back();
  e.end.granted = now;
  e.end.in_flight = in_flight;
  e.limit = limit();
  visit_full_ = visit_full_ || in_flight >= near * e.limit;
  ++cut_granted_;
}

void in_flight_limiter::ended(uint64_t ordinal, const attempt_end& a, time_point now) {
  using kind = attempt_end::kind;
  if (a.how != kind::ignored)
    count_drop(a, a.how != kind::answered, now);
  if (ordinal < first_ordinal_ || ordinal - first_ordinal_ >= entries_.size())
    return; // It was overtaken.
  auto& e = entries_[ordinal - first_ordinal_];
  e.end = a;
  e.took = now - a.granted;
  const bool tells = a.how == kind::answered;
  e.now = tells ? entry::state::ended : entry::state::void_;
  ended_entries_ += tells;
  take_in_order(now);
}

void in_flight_limiter::take_in_order(time_point now) {
  while (!entries_.empty()) {
    const auto& e = entries_.front();
    if (e.now == entry::state::ended) {
      --ended_entries_;
      take_in(e, e.took);
    } else if (e.now == entry::state::out) {
      const bool overtaken = ended_entries_ >= std::max(e.limit / 2, overtaking_min);
      if (overtaken)
        take_in(e, now - e.end.granted);
      else if (entries_.size() < crowd_min + 8 * limit())
        break; // Else only drops have overtaken it, which say nothing; it has waited long enough.
    }
    entries_.pop_front();
    ++first_ordinal_;
  }
  if (undecided_ >= std::max(6u, limit() / 8))
    decide(now);
}

void in_flight_limiter::take_in(const entry& e, duration time) {
  const double says = curve_.record(e.end.in_flight, time, e.end.output_tokens);
  if (e.end.granted >= visit_began_) {
    ++visit_count_;
    if (e.end.in_flight >= near * limit()) {
      ++near_count_;
      near_sum_ += says;
    }
  }
  ++undecided_;
}

// --- drops ---

void in_flight_limiter::count_drop(const attempt_end& a, bool dropped, time_point now) {
  if (a.granted < cut_at_)
    return;
  ++round_ended_;
  if (dropped) {
    ++round_drops_;
    ++cut_drops_;
    round_drop_widths_ += a.in_flight;
    const double usual = (drops_tolerated + 1.5 * usual_drops_) * limit();
    if (round_drops_ >= drops_min && round_drops_ > usual)
      return lower_ceiling(now);
  }
  if (round_ended_ >= limit())
    end_round(true);
}

double in_flight_limiter::drop_share() const {
  return static_cast<double>(cut_drops_) / std::max(1u, cut_granted_);
}

void in_flight_limiter::lower_ceiling(time_point now) {
  const double here = limit();
  const double share = drop_share();
  if (chain_start_ > 0 && here <= chain_depth * chain_start_ && cut_granted_ >= share_min &&
      share < usual_drops_max && share > 0.5 * chain_share_) {
    usual_drops_ = share;
    chain_start_ = ceiling_ = 0;
    hold_rounds_ = hold_min;
    cut_granted_ = cut_drops_ = 0;
    return end_round(false);
  }
  if (chain_start_ == 0) {
    chain_start_ = here;
    chain_share_ = share;
  }
  const double at = std::min(here, round_drop_widths_ / round_drops_);
  hold_rounds_ =
    ceiling_ > 0 && at > 0.75 * hit_at_ ? std::min(2 * hold_rounds_, width_hold_max) : hold_min;
  hit_at_ = at;
  ceiling_ = std::max(1.0, cut * at);
  held_ = 0;
  cut_at_ = now;
  cut_granted_ = cut_drops_ = 0;
  end_round(false);
}

void in_flight_limiter::end_round(bool clean) {
  if (clean) {
    const double share = static_cast<double>(round_drops_) / std::max(1u, round_ended_);
    if (usual_drops_ > 0)
      usual_drops_ += 0.05 * (share - usual_drops_);
    if (chain_start_ > 0 && cut_granted_ >= share_min) {
      const double now_dropped = drop_share();
      if (now_dropped < 0.5 * chain_share_) {
        chain_start_ = 0;
      } else if (limit() <= chain_depth * chain_start_ && now_dropped < usual_drops_max) {
        usual_drops_ = now_dropped;
        chain_start_ = ceiling_ = 0;
        hold_rounds_ = hold_min;
      }
    }
    if (ceiling_ > 0 && ++held_ > hold_rounds_) {
      // Fast if the drops were long ago, slow near the width of the last ones.
      ceiling_ = std::max(ceiling_ + 1, ceiling_ * (ceiling_ < 0.8 * hit_at_ ? 1.25 : 1.05));
      if (ceiling_ >= 1.5 * hit_at_ || ceiling_ >= curve_.width(curve_.size() - 1)) {
        ceiling_ = 0;
        hold_rounds_ = hold_min;
      }
    }
  }
  round_ended_ = round_drops_ = 0;
  round_drop_widths_ = 0;
}

// --- times ---

size_t in_flight_limiter::best() {
  size_t found = home_;
  double most = -1e300;
  for (size_t i = 0; i < curve_.size(); ++i)
    if (curve_.known(i) && curve_.worth(i) > most) {
      most = curve_.worth(i);
      found = i;
    }
  return found;
}

void in_flight_limiter::go_to(size_t level, time_point now) {
  level_ = level;
  visit_began_ = now;
  visit_count_ = near_count_ = 0;
  visit_full_ = false;
  near_sum_ = 0;
  before_weight_ = curve_.weight(level);
  before_mean_ = curve_.known(level) ? curve_.measured(level) : 0;
}

bool in_flight_limiter::visit_done() const {
  const double needed = curve_.spread() / visit_precision;
  return visit_full_ && near_count_ > limit() / 8 &&
         visit_count_ >=
           std::max<double>(limit(), std::clamp(needed * needed, visit_min, visit_max));
}

void in_flight_limiter::decide(time_point now) {
  undecided_ = 0;
  if (retreat(now))
    return;
  if (visit_done()) {
    note_shift();
    after_visit(now);
  }
}

// Reduces the width as soon as it is clear that less is better: a whole round at a width that is
// far too large takes very long.
bool in_flight_limiter::retreat(time_point now) {
  const auto here = curve_.level_of(limit());
  auto known = here;
  while (known > 0 && !curve_.known(known))
    --known;
  const auto b = best();
  if (b >= here || b >= known || !curve_.known(known))
    return false;
  if (curve_.worth(b) - curve_.worth(known) < doubt * curve_.noise(b, known))
    return false;
  if (level_ != home_ && b >= home_) {
    // A neighbour that was not better.
    patience_ = std::min(2 * patience_, patience_max);
  } else {
    // Perhaps that was too far: test the next larger width soon.
    patience_ = 1;
    look_down_ = true;
    home_ = b;
  }
  climbing_ = false;
  waited_ = 0;
  go_to(home_, now);
  return true;
}

// If the times at one width have changed, those of the others are out of date, too.
void in_flight_limiter::note_shift() {
  if (before_weight_ < visit_min || near_count_ < visit_min)
    return;
  const double mean = near_sum_ / near_count_;
  const double error = curve_.spread() * std::sqrt(1.0 / near_count_ + 1 / before_weight_);
  if (std::abs(mean - before_mean_) < std::max(shift_min, shift_errors * error))
    return;
  curve_.restate(curve_.level_of(limit()), mean, near_count_, 0.8);
  patience_ = 1;
}

void in_flight_limiter::after_visit(time_point now) {
  const auto top = curve_.size() - 1;
  const auto b = best();
  const bool capped = ceiling_ > 0 && limit() >= static_cast<uint32_t>(ceiling_);
  if (climbing_) {
    home_ = level_;
    if (b < level_ && curve_.known(level_) &&
        curve_.worth(b) - curve_.worth(level_) > doubt * curve_.noise(b, level_))
      home_ = b;
    climbing_ = home_ == level_ && level_ < top;
    if (!climbing_ || capped)
      return go_to(home_, now);
    step_ = std::min(step_ + 1, doubling);
    return go_to(std::min(level_ + step_, top), now);
  }
  if (level_ != home_) {
    const bool up = level_ > home_;
    const bool moved = b != home_ && std::max(b, level_) - std::min(b, level_) <= 1;
    patience_ = moved        ? patience_min
                : look_down_ ? std::min(2 * patience_, patience_max)
                             : patience_;
    home_ = moved ? b : home_;
    waited_ = 0;
    if (moved && up) {
      climbing_ = true;
      step_ = 0;
      look_down_ = true;
    }
    return go_to(home_, now);
  }
  if (b != home_ && curve_.known(home_) &&
      curve_.worth(b) - curve_.worth(home_) > doubt * curve_.noise(b, home_)) {
    home_ = b;
    patience_ = patience_min;
    waited_ = 0;
    return go_to(home_, now);
  }
  if (++waited_ < patience_)
    return go_to(home_, now);
  look_down_ = !look_down_;
  const bool can_rise = home_ < top && !capped;
  if (look_down_ ? home_ > 0 : can_rise)
    return go_to(look_down_ ? home_ - 1 : home_ + 1, now);
  waited_ = 0;
  go_to(home_, now);
}

} // namespace penstock::core
