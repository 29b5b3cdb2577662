#pragma once

#include "core/base/time.hpp"

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace penstock::io {

/// A binary heap of owners by deadline. Owners know their place (`size_t deadline_slot`), so that
/// the deadline of an exchange that ends early can be removed: at 60,000 exchanges per second,
/// entries that stayed until a timeout of minutes would be millions.
template <class Owner>
class curl_loop_deadlines {
public:
  /// Adds `owner`, which must not be in the heap. Cheap if `due` is later than all others.
  void add(Owner* owner, time_point due) {
    entries_.push_back({due, owner});
    owner->deadline_slot = entries_.size() - 1;
    sift_up(entries_.size() - 1);
  }
  /// Removes `owner` from any place.
  void remove(Owner* owner) {
    const size_t at = owner->deadline_slot;
    assert(at < entries_.size() && entries_[at].owner == owner);
    if (at + 1 != entries_.size())
      place(at, entries_.back());
    entries_.pop_back();
    if (at < entries_.size())
      sift_down(sift_up(at));
  }
  bool empty() const noexcept { return entries_.empty(); }
  size_t size() const noexcept { return entries_.size(); }
  /// The earliest deadline and its owner. @pre not `empty()`.
  time_point next_due() const noexcept { return entries_.front().due; }
  Owner* next() const noexcept { return entries_.front().owner; }

private:
  struct entry {
    time_point due;
    Owner* owner;
  };
  void place(size_t at, entry e) {
    entries_[at] = e;
    e.owner->deadline_slot = at;
  }
  size_t sift_up(size_t at) {
    const entry e = entries_[at];
    for (; at > 0 && e.due < entries_[(at - 1) / 2].due; at = (at - 1) / 2)
      place(at, entries_[(at - 1) / 2]);
    place(at, e);
    return at;
  }
  void sift_down(size_t at) {
    const entry e = entries_[at];
    for (;;) {
      size_t child = 2 * at + 1;
      if (child + 1 < entries_.size() && entries_[child + 1].due < entries_[child].due)
        ++child;
      if (child >= entries_.size() || !(entries_[child].due < e.due))
        break;
      place(at, entries_[child]);
      at = child;
    }
    place(at, e);
  }

  std::vector<entry> entries_;
};

} // namespace penstock::io
