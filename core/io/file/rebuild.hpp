#pragma once

#include "core/io/file/journal.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// A file of output lines of earlier runs.
struct earlier_lines {
  std::string path;
  uint64_t bytes = 0;       ///< The part that is known to be whole.
  uint64_t first = 0;       ///< Lines with a lower index are elsewhere, too, and passed over.
  bool is_replaced = false; ///< An older output: its lines do not count, but may still help.
};

/// What the lines of a new output are made of.
struct rebuild_sources {
  std::vector<earlier_lines> files; ///< At most three; earlier ones are preferred.
  journal* rows = nullptr;          ///< Answers that wait there.
};

/// What the new output answers.
struct rebuild_target {
  /// The requests in order, nullopt behind the last one. Null: `requests` of them, the same as
  /// before.
  std::function<result<std::optional<core::request>>()> next;
  uint64_t requests = 0;     ///< If `next` is null.
  bool by_place = false;     ///< The input is as it was: a line answers the request of its index.
  bool retry_failed = false; ///< Lines that are not completed are not kept, but of unusable lines.
  std::string kept_path;     ///< Where the lines that stay go.
};

/// What was found.
struct rebuild_plan {
  rebuild_mark mark;     ///< But for its number.
  bool in_place = false; ///< All earlier lines stay where they are.
  uint64_t answers = 0;  ///< Completed lines that were there before.
  uint64_t unmatched =
    0; ///< Of these, without the sum of their request: written by an old version.
};

/// Finds out which lines of earlier runs answer requests of the new output, and writes them in the
/// new order, with their new indexes, to a file of their own, synced. Equal means: the same content
/// under the same custom_id. Lines without a custom_id of their own are matched by content alone.
/// Takes 24 bytes a line of memory.
result<rebuild_plan> plan_rebuild(const rebuild_sources& from, const rebuild_target& to);

} // namespace penstock::io
