#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace penstock::core {

/// By what a row of an input is found again in a later version of that input. Checksums; zero: the
/// row has no such key.
struct row_keys {
  uint64_t whole = 0; ///< All of the row.
  uint64_t id = 0;    ///< What its author calls it.
  uint64_t used = 0;  ///< What requests are made of.
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

/// The row that a row of the new input was before.
struct row_match {
  uint64_t before = no_row; ///< Number among the known rows; `no_row`: the row is new.
  bool mended = false;      ///< It is in that row's place or has its id, but says something else.
  bool operator==(const row_match&) const = default;
};

/// Finds the rows of a new input among those that were known before; each of them once. Strict keys
/// go before loose ones (the whole row, id and used parts, used parts, id and first request, first
/// request, the id alone, the place alone), for each of them rows that kept their place before
/// those that moved, and those in their old order. So of two equal rows each finds its own.
/// @returns one for each row of `now`.
std::vector<row_match> match_rows(std::span<const known_row> before, std::span<const row_keys> now);

} // namespace penstock::core
