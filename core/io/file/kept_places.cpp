#include "core/io/file/kept_places.hpp"

#include <algorithm>

namespace penstock::io {

void kept_places::add(uint64_t place) {
  if (!runs_.empty() && runs_.back().end == place)
    ++runs_.back().end;
  else
    runs_.push_back({place, place + 1, size_});
  ++size_;
}

std::vector<kept_places::run>::const_iterator
kept_places::run_above(uint64_t place) const noexcept {
  return std::upper_bound(runs_.begin(), runs_.end(), place,
                          [](uint64_t at, const run& r) { return at < r.end; });
}

bool kept_places::contains(uint64_t place) const noexcept {
  const auto it = run_above(place);
  return it != runs_.end() && it->begin <= place;
}

uint64_t kept_places::sent_below(uint64_t place) const noexcept {
  const auto it = run_above(place);
  if (it == runs_.end())
    return place - size_;
  return it->begin <= place ? it->begin - it->kept_before : place - it->kept_before;
}

uint64_t kept_places::place_of(uint64_t nth) const noexcept {
  // The first run with more than `nth` sent requests below it: `nth` lies before that run.
  const auto it = std::upper_bound(runs_.begin(), runs_.end(), nth, [](uint64_t n, const run& r) {
    return n < r.begin - r.kept_before;
  });
  return nth + (it == runs_.end() ? size_ : it->kept_before);
}

uint64_t kept_places::next_kept(uint64_t place) const noexcept {
  const auto it = run_above(place);
  return it == runs_.end() ? UINT64_MAX : std::max(place, it->begin);
}

} // namespace penstock::io
