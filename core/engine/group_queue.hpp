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

/// How large a group of writes may become.
struct group_limits {
  size_t rows_max = 256; ///< Larger groups gain nothing on SQLite, but everybody waits longer.
  uint64_t bytes_max = 2u << 20;
  size_t small_rows = 32;            ///< What has so few
  uint64_t small_bytes = 128u << 10; ///< and so little does not wait behind what has more.
};

/// Writes that wait to be made safe together. Small ones go first; the owners of large ones take
/// turns, one write each; what one owner asked for stays in its order. A group ends when the next
/// write does not fit any more, but takes at least one large one, so nobody waits for ever.
template <class Write>
class group_queue {
public:
  explicit group_queue(group_limits limits = {}) : limits_{limits} {}

  /// @param owner Whose order counts, for example a job; 0: nobody's.
  void push(uint64_t owner, size_t rows, uint64_t bytes, Write what) {
    entry e{rows, bytes, std::move(what)};
    if (owner == 0)
      owner = nobody_ | ++strangers_;
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

  /// From here on `next` fills another group.
  void begin_group() noexcept { rows_ = bytes_ = large_taken_ = 0; }

  /// The next write of this group; nothing if it is full, or nothing waits.
  std::optional<Write> next() {
    if (!small_.empty() && fits(small_.front().second)) {
      auto [owner, e] = std::move(small_.front());
      small_.pop_front();
      if (const auto it = small_of_.find(owner); --it->second == 0)
        small_of_.erase(it);
      return take(std::move(e));
    }
    // An owner whose small ones have not gone yet waits for them.
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

  static constexpr uint64_t nobody_ = uint64_t{1} << 63;

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
  std::deque<std::pair<uint64_t, entry>> small_;  ///< With their owners.
  std::unordered_map<uint64_t, size_t> small_of_; ///< How many of them are whose.
  std::map<uint64_t, std::deque<entry>> large_;   ///< By owner.
  std::deque<uint64_t> turns_;                    ///< Owners of large ones, the next one first.
  uint64_t strangers_ = 0;
  size_t rows_ = 0, large_taken_ = 0; ///< Of this group.
  uint64_t bytes_ = 0;                ///< Of this group.
};

} // namespace penstock::core
