#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace penstock::core {

/// Size limits of a group of writes.
struct group_limits {
  size_t rows_max = 256; ///< Larger groups are not faster in SQLite, and every write waits longer.
  uint64_t bytes_max = 2u << 20;
  // A write within both of these limits is small: it does not wait behind larger ones.
  size_t small_rows = 32;
  uint64_t small_bytes = 128u << 10;
};

/// Writes that wait for a common commit. Small writes go first. The owners of large writes take
/// turns, one write each. The writes of one owner keep their order. A group ends when the next
/// write does not fit, but it has at least one large write, so that every write gets its turn.
template <class Write>
class group_queue {
public:
  explicit group_queue(group_limits limits = {}) : limits_{limits} {}

  /// @param owner Writes of one owner (for example a job) keep their order; 0: order does not
  /// matter.
  void push(uint64_t owner, size_t rows, uint64_t bytes, Write what) {
    entry e{rows, bytes, std::move(what)};
    if (owner == 0)
      owner = no_owner_ | ++without_owner_;
    const auto it = large_.find(owner);
    if (it != large_.end()) {
      it->second.push_back(std::move(e));
    } else if (rows <= limits_.small_rows && bytes <= limits_.small_bytes) {
      ++small_of_[owner];
      small_.push_back({owner, std::move(e)});
    } else {
      large_[owner].push_back(std::move(e));
      turns_.push_back(owner);
    }
  }

  bool empty() const noexcept { return small_.empty() && turns_.empty(); }

  /// Begins another group for `next`.
  void begin_group() noexcept { rows_ = bytes_ = large_taken_ = 0; }

  /// The next write of this group; nullopt if the group is full or no write waits.
  std::optional<Write> next() {
    if (!small_.empty() && fits(small_.front().second)) {
      auto [owner, e] = std::move(small_.front());
      small_.pop_front();
      if (const auto it = small_of_.find(owner); --it->second == 0)
        small_of_.erase(it);
      return take(std::move(e));
    }
    // Large writes of an owner wait until its small writes are done.
    const auto turn = std::find_if(turns_.begin(), turns_.end(),
                                   [this](auto owner) { return small_of_.count(owner) == 0; });
    if (turn == turns_.end())
      return std::nullopt;
    const auto it = large_.find(*turn);
    if (large_taken_ > 0 && !fits(it->second.front()))
      return std::nullopt;
    auto e = std::move(it->second.front());
    it->second.pop_front();
    turns_.erase(turn);
    if (it->second.empty())
      large_.erase(it);
    else
      turns_.push_back(it->first);
    ++large_taken_;
    return take(std::move(e));
  }

private:
  struct entry {
    size_t rows = 0;
    uint64_t bytes = 0;
    Write what;
  };

  static constexpr uint64_t no_owner_ = uint64_t{1} << 63;

  bool fits(const entry& e) const noexcept {
    return rows_ == 0 ||
           (rows_ + e.rows <= limits_.rows_max && bytes_ + e.bytes <= limits_.bytes_max);
  }
  Write take(entry e) {
    rows_ += e.rows;
    bytes_ += e.bytes;
    return std::move(e.what);
  }

  group_limits limits_;
  std::deque<std::pair<uint64_t, entry>> small_;  ///< Owner and write.
  std::unordered_map<uint64_t, size_t> small_of_; ///< Number of small writes by owner.
  std::map<uint64_t, std::deque<entry>> large_;   ///< By owner.
  std::deque<uint64_t> turns_; ///< Owners of large writes, in the order of their turns.
  uint64_t without_owner_ = 0;
  size_t rows_ = 0, large_taken_ = 0; ///< Of this group.
  uint64_t bytes_ = 0;                ///< Of this group.
};

} // namespace penstock::core
