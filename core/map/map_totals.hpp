#pragma once

#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Sums over the requests of one stage of a map, for one group.
struct map_stage_totals {
  output_totals requests;   ///< With corrections.
  uint64_t corrections = 0; ///< Of these, requests for a better answer.
  bool operator==(const map_stage_totals&) const = default;
};

/// Sums over the rows of one group of a map.
struct map_group_totals {
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0; ///< Rows by state.
  uint64_t noted = 0; ///< Rows with notes, in any state.
  std::vector<map_stage_totals> stages;

  /// Counts one more row.
  void add_row(outcome_state state) noexcept;
  /// All rows counted.
  uint64_t rows() const noexcept { return completed + failed + cancelled + expired; }
  bool operator==(const map_group_totals&) const = default;
};

/// Sums over a map, by group and stage, so that the summary of a resumed map covers all of it.
using map_totals = std::vector<map_group_totals>;

/// Empty sums.
map_totals make_map_totals(size_t groups, size_t stages);
/// Adds `b` to `a`.
void add(output_totals& a, const output_totals& b) noexcept;
/// The sums over all groups and stages.
output_totals sum_of(const map_totals& totals) noexcept;

/// As text, for the journal.
std::string encode_totals(const map_totals& totals);
/// Reads a text of `encode_totals`; nullopt for any other text, or other groups or stages.
std::optional<map_totals> decode_totals(std::string_view text, size_t groups, size_t stages);

} // namespace penstock::core
