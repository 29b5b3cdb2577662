#pragma once

#include "core/map/map_plan.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Numbers the requests that the rows of a map may need: row by row, stage by stage, round by
/// round, so that the journal can name each, and drop those of written rows by one comparison.
/// Example: stages with 2 and 0 corrections give 4 numbers a row: 0, 1, 2 (stage 0), 3 (stage 1).
class map_numbering {
public:
  map_numbering() = default;
  /// @param corrections_max Of each stage.
  explicit map_numbering(const std::vector<uint32_t>& corrections_max);

  /// Numbers of one row.
  uint64_t per_row() const noexcept { return per_row_; }
  uint64_t number_of(const map_ticket& t) const noexcept;
  map_ticket ticket_of(uint64_t number) const noexcept;

private:
  std::vector<uint64_t> starts_; ///< First number of each stage in row 0.
  uint64_t per_row_ = 1;
};

/// One answer of a stage as the journal keeps it: a line of the output form, checksum and all.
/// @param number As `map_numbering` gives it.
std::string encode_answer(const outcome& o, uint64_t number);
/// Reads what `encode_answer` wrote; its `index` is the number. Times of single attempts and the
/// provider's request id are not all kept.
/// @returns `errc::corrupt` if the line is damaged or not ours.
result<outcome> decode_answer(std::string_view line);

} // namespace penstock::core
