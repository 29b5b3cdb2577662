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

/// Size limits of packs.
struct pack_limits {
  uint32_t entries_max = 10;    ///< Requests in one pack.
  uint32_t tokens_max = 16'000; ///< Estimated tokens of one pack, input and output.
};

/// Decides which requests of a job share a prompt. After a wrong reply, a request goes into packs
/// of at most half the size, and at last it is sent alone. Example for at most 10 entries: 10, 5,
/// 2, alone.
///
/// It knows the traits of each request. The request window decides whether a request may be handed
/// out now. Pure; one owner.
class pack_queue {
public:
  explicit pack_queue(pack_limits limits = {}) : limits_{limits} {}

  /// Reads the traits of a request; call it once per request. @returns whether it can be packed.
  bool look(uint64_t index, const request& req);
  /// Chooses the requests of one pack: `first`, and later requests that fit, in order. Only `first`
  /// if it cannot be packed or `look` was not called for it.
  /// @param is_ready Whether a request may be handed out now.
  std::vector<uint64_t> compose(uint64_t first,
                                const std::function<bool(uint64_t)>& is_ready) const;
  /// From now on the request goes into packs of at most `entries`; 1: it is sent alone.
  void limit(uint64_t index, uint32_t entries);
  /// Forgets a request that is done.
  void forget(uint64_t index);

private:
  struct place {
    pack_traits traits;
    uint32_t entries_max = 0; ///< 0: cannot be packed.
  };
  using group = std::pair<uint64_t, uint32_t>; ///< Key and largest size.

  pack_limits limits_;
  std::unordered_map<uint64_t, place> known_;
  std::map<group, std::set<uint64_t>> groups_;
};

/// How many packs are sent at once after parallel mode failed: one at first, one more after each
/// pack that succeeds at its first attempt. After a pack that does not, half as many, and never
/// more again. Example: 1, 2, 3, 4, trouble, 2, 2, 2 ...
class pack_pace {
public:
  /// @param ceiling The largest width of the job.
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
