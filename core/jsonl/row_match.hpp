#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace penstock::core {

/// Checksums that find a row again in a later version of the input. Zero: the row has no such key.
struct row_keys {
  uint64_t whole = 0; ///< All of the row.
  uint64_t id = 0;    ///< Its id.
  uint64_t used = 0;  ///< The cells that requests use.
  uint64_t first = 0; ///< Its first request.
  bool operator==(const row_keys&) const = default;
};

/// No row.
inline constexpr uint64_t no_row = UINT64_MAX;

/// A row that was known before.
struct known_row {
  row_keys keys;
  uint64_t place = no_row; ///< In the input as it was, from 0; `no_row`: it was not in it.
};

/// The earlier row of a row of the new input.
struct row_match {
  uint64_t before = no_row; ///< Number among the known rows; `no_row`: the row is new.
  bool mended = false;      ///< It has the place or the id of the earlier row, but other cells.
  bool operator==(const row_match&) const = default;
};

/// Finds the rows of a new input among those that were known before; each of them once. Strict keys
/// go before loose ones (the whole row, id and used parts, used parts, id and first request, first
/// request, the id alone, the place alone), for each of them rows that kept their place before
/// those that moved, and those in their old order. So of two equal rows each finds its own.
/// @returns one for each row of `now`.
std::vector<row_match> match_rows(std::span<const known_row> before, std::span<const row_keys> now);

} // namespace penstock::core
