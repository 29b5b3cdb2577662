#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock::io {

/// Which places of a new output keep the line of an earlier one. The requests of the other places
/// are sent, and numbered without gaps: the nth of them is sent as request n of the job.
/// Example: the places 0, 1 and 4 are kept. Request 0 of the job has place 2, request 1 has place
/// 3, request 2 has place 5. Takes 24 bytes for each run of kept places.
class kept_places {
public:
  /// @pre `place` is above all that were added.
  void add(uint64_t place);
  /// How many are kept.
  uint64_t size() const noexcept { return size_; }
  bool contains(uint64_t place) const noexcept;
  /// How many places below `place` are not kept.
  uint64_t sent_below(uint64_t place) const noexcept;
  /// The place of request `nth` of the job.
  uint64_t place_of(uint64_t nth) const noexcept;
  /// The first kept place at or above `place`, or UINT64_MAX.
  uint64_t next_kept(uint64_t place) const noexcept;

private:
  struct run {
    uint64_t begin, end;
    uint64_t kept_before; ///< Kept places below `begin`.
  };
  /// The first run that ends above `place`.
  std::vector<run>::const_iterator run_above(uint64_t place) const noexcept;

  std::vector<run> runs_; ///< Ascending, with gaps between them.
  uint64_t size_ = 0;
};

} // namespace penstock::io
