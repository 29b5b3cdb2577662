#pragma once

#include "core/pack/pack_key.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace penstock::core {

/// How large packs may be.
struct pack_limits {
  uint32_t entries_max = 10;    ///< Requests of one pack.
  uint32_t tokens_max = 16'000; ///< Estimated tokens of one pack, both directions.
};

/// Which requests of a job share a prompt. A request that was in a pack that came back wrong goes
/// into packs of at most half that size, down to being sent alone: with 10 entries at most, 10, 5,
/// 2, 1, so it is in three packs before.
///
/// Knows what packing needs to know of each request; whether one may be handed out now is the
/// window's affair. Pure; one owner.
class pack_queue {
public:
  explicit pack_queue(pack_limits limits = {}) : limits_{limits} {}

  /// Looks at a request, once. @returns whether it can be packed at all.
  bool look(uint64_t index, const request& req);
  /// Requests to send as one, `first` and others from it on that fit, in order. Alone if it is not
  /// packable or was not looked at. @param is_ready whether a request may be handed out now.
  std::vector<uint64_t> compose(uint64_t first,
                                const std::function<bool(uint64_t)>& is_ready) const;
  /// From now on the request goes into packs of at most `entries`; 1: it goes alone.
  void limit(uint64_t index, uint32_t entries);
  /// Forgets a request that is done.
  void forget(uint64_t index);

private:
  struct place {
    pack_traits traits;
    uint32_t entries_max = 0; ///< 0: cannot be packed.
  };
  using group = std::pair<uint64_t, uint32_t>; ///< Key, and size at most.

  pack_limits limits_;
  std::unordered_map<uint64_t, place> known_;
  std::map<group, std::set<uint64_t>> groups_;
};

/// How many packs go at once after parallel mode failed: one at first, one more for each that went
/// well at its first attempt; half as many, and never more again, after one that did not.
/// Example: 1, 2, 3, 4, trouble, 2, 2, 2 ...
class pack_pace {
public:
  /// @param ceiling Of the job.
  void restart(uint32_t ceiling) noexcept {
    width_ = 1;
    ceiling_ = ceiling;
  }
  void answered(bool trouble) noexcept {
    if (trouble)
      ceiling_ = width_ = width_ > 2 ? width_ / 2 : 1;
    else if (width_ < ceiling_)
      ++width_;
  }
  uint32_t width() const noexcept { return width_; }

private:
  uint32_t width_ = 1, ceiling_ = 1;
};

} // namespace penstock::core
