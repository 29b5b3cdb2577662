#pragma once

#include "core/attempt/cached_answer.hpp"
#include "core/base/error.hpp"
#include "core/io/file/wall_clock.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// How long and how much a store keeps.
struct store_limits {
  std::chrono::seconds ttl =
    std::chrono::hours{24 * 30}; ///< An older answer is not given; at least 1 s.
  uint64_t bytes_max = uint64_t{1}
                       << 30; ///< Beyond it, what was not used for the longest time goes.
};

/// One answer on its way into a store.
struct store_row {
  std::string key;
  std::shared_ptr<const core::cached_answer> answer;
};

/// What a store holds.
struct store_totals {
  uint64_t entries = 0;
  uint64_t bytes = 0;                 ///< Of all entries, with what keeping them costs besides.
  std::optional<unix_seconds> oldest; ///< When the oldest entry was made; none: it is empty.
};

/// Bytes that an entry counts besides its texts.
inline constexpr uint64_t entry_overhead = 300;
/// What an entry counts.
uint64_t bytes_of(const std::string& key, const core::cached_answer& answer) noexcept;

/// Answers by key, in a file or in memory. One owner; blocks on the disk.
class response_store {
public:
  virtual ~response_store() = default;
  /// The answer for `key`, if there is one of at most the store's `ttl` and the one it was written
  /// with.
  virtual result<std::optional<core::cached_answer>> find(const std::string& key,
                                                          unix_seconds now) = 0;
  /// Writes `rows` in one transaction (a later one of the same key replaces an earlier), and when
  /// the found ones were used; forgets what has expired, and, above the bound, what was not used
  /// for the longest time, down to nine tenths of it. A row that alone is above the bound is left
  /// out.
  virtual result<void> put(const std::vector<store_row>& rows, unix_seconds now) = 0;
  virtual result<store_totals> totals() = 0;
  /// Forgets what was made before `made_before`, or all, and gives the room back.
  /// @returns how many entries that were.
  virtual result<uint64_t> clear(std::optional<unix_seconds> made_before) = 0;
};

/// Opens the store in `path` (":memory:" is one of its own), which is made if it is missing, for
/// its owner's eyes only. Several processes may have it open. SQLite in WAL mode: the death of the
/// process never damages it; that of the machine may cost the last second.
/// @returns `corrupt` if the file is damaged or of another version, `invalid_config` if it is
/// another program's, `locked`, `disk_full` or `io_error`.
result<std::unique_ptr<response_store>> open_response_store(const std::string& path,
                                                            store_limits limits);

/// A store in plain memory that behaves the same.
std::unique_ptr<response_store> make_memory_store(store_limits limits);

/// Removes the file of a store with its side files, also a damaged one.
/// @returns `invalid_config` if it does not look like a store.
result<void> remove_response_store(const std::string& path);

} // namespace penstock::io
