#pragma once

#include "core/api/batch_form.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// A file that is being written. It has no name in the store before `commit`; without it, it is
/// gone at the end, also after a crash. One owner; may block.
class file_writer {
public:
  virtual ~file_writer() = default;
  /// @returns `errc::disk_full` or `errc::io_error`.
  virtual result<void> write(std::string_view bytes) = 0;
  virtual uint64_t size() const noexcept = 0;
  /// Syncs the file and puts it into the store. Sets id, size and time of `what`.
  virtual result<core::api_file> commit(core::api_file what, int64_t now) = 0;
};

/// Which files or batches to list.
struct list_query {
  std::string tenant{};
  std::string purpose{}; ///< Of files; empty: all.
  std::string after{};   ///< The id of the last one of the page before; empty: the first page.
  uint32_t limit = 100;
  bool oldest_first = false;
};

/// The files and batches of the HTTP service, in a folder beside the store of the head. An
/// acknowledged file or batch is on the disk. Thread-safe; functions may block.
class file_store {
public:
  virtual ~file_store() = default;
  virtual result<std::unique_ptr<file_writer>> create() = 0;
  /// The file of this id if it belongs to the tenant.
  virtual result<std::optional<core::api_file>> find_file(const std::string& id,
                                                          const std::string& tenant) = 0;
  /// @returns `errc::not_found` if `query.after` is unknown.
  virtual result<std::vector<core::api_file>> list_files(const list_query& query) = 0;
  virtual result<bool> remove_file(const std::string& id, const std::string& tenant) = 0;
  /// Where the content of a file stands.
  virtual std::string path_of(const std::string& id) const = 0;

  /// Stores a new batch, or the present state of one.
  virtual result<void> put_batch(const core::api_batch& b) = 0;
  virtual result<std::optional<core::api_batch>> find_batch(const std::string& id,
                                                            const std::string& tenant) = 0;
  virtual result<std::vector<core::api_batch>> list_batches(const list_query& query) = 0;
  /// The batches that have not ended, the oldest first.
  virtual result<std::vector<core::api_batch>> open_batches() = 0;
  /// A new id with this beginning, for example "batch_".
  virtual std::string new_id(std::string_view prefix) = 0;
};

/// Opens the folder beside the store at `store_path`; makes it if it is missing, and removes what a
/// crash left there. ":memory:" uses a temporary folder, which is removed at the end.
result<std::shared_ptr<file_store>> open_file_store(const std::string& store_path);

} // namespace penstock::io
