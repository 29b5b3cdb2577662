#pragma once

#include "core/attempt/cached_answer.hpp"
#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/io/file/wall_clock.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// Limits of a store.
struct store_limits {
  /// Older answers are not used; at least 1 s.
  std::chrono::seconds ttl = core::defaults::cache_ttl;
  /// If the store is larger, the entries not used for the longest time are removed.
  uint64_t bytes_max = core::defaults::cache_bytes;
};

/// One answer to store.
struct store_row {
  std::string key;
  std::shared_ptr<const core::cached_answer> answer;
};

/// The content of a store.
struct store_totals {
  uint64_t entries = 0;
  uint64_t bytes = 0;                 ///< Sum of `entry_bytes` over all entries.
  std::optional<unix_seconds> oldest; ///< When the oldest entry was made; nullopt: no entries.
};

/// Bytes that an entry counts in addition to its texts.
inline constexpr uint64_t entry_overhead = 300;
/// The bytes that an entry counts.
uint64_t bytes_of(const std::string& key, const core::cached_answer& answer) noexcept;

/// Stores answers by key, in a file or in memory. One owner. Calls may block on the disk.
class response_store {
public:
  virtual ~response_store() = default;
  /// The answer for `key`, if it is not older than the `ttl` of the store and the `ttl` that it was
  /// written with.
  virtual result<std::optional<core::cached_answer>> find(const std::string& key,
                                                          unix_seconds now) = 0;
  /// Writes `rows` and the times of the last uses in one transaction. A later row replaces an
  /// earlier row of the same key. Removes expired entries. If the store is larger than its limit,
  /// it removes the entries not used for the longest time, until it is at nine tenths of the limit.
  /// A row that is larger than the limit is not stored.
  virtual result<void> put(const std::vector<store_row>& rows, unix_seconds now) = 0;
  virtual result<store_totals> totals() = 0;
  /// Removes the entries made before `made_before`, or all, and frees the space on disk.
  /// @returns the number of removed entries.
  virtual result<uint64_t> clear(std::optional<unix_seconds> made_before) = 0;
};

/// Opens the store in `path`; ":memory:" is a new private store. A missing file is made, readable
/// only for its owner. Several processes may use it. It is an SQLite file in WAL mode: the death of
/// the process never damages it; the death of the machine may lose the last second.
/// @returns `corrupt` if the file is damaged or has another version, `invalid_config` if it belongs
/// to another program, `locked`, `disk_full` or `io_error`.
result<std::unique_ptr<response_store>> open_response_store(const std::string& path,
                                                            store_limits limits);

/// A store in memory that behaves the same.
std::unique_ptr<response_store> make_memory_store(store_limits limits);

/// Removes the file of a store and its side files, even if damaged.
/// @returns `invalid_config` if it does not look like a store.
result<void> remove_response_store(const std::string& path);

} // namespace penstock::io
