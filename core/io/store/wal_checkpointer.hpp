#pragma once

#include "core/io/file/sqlite_guard.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace penstock::io {

/// Copies the log of a database (SQLite in WAL mode) into its file (a checkpoint), on its own
/// thread and with its own connection, so that commits of the writer stay short.
///
/// When the log is large, the thread makes passes until few pages are left. The writer copies these
/// after its next commit (`wants_rest`), because the log begins again from its start only if no
/// page is left between two commits. If the log grows faster than the thread copies, the writer
/// copies all of it. For the .cpp files of this folder only.
class wal_checkpointer {
public:
  static constexpr int begin_pages = 2000; ///< Size of the log at which the thread begins.
  static constexpr int rest_pages = 200; ///< The writer copies the rest if it is at most so large.
  static constexpr int pages_max = 32'768; ///< The writer copies the log if it is so large.

  /// @param on_failure Called once, on the thread. After it, the thread copies nothing more.
  wal_checkpointer(const std::string& path, int busy_timeout_ms, database_words words,
                   std::function<void(const error&)> on_failure);
  ~wal_checkpointer();
  wal_checkpointer(const wal_checkpointer&) = delete;
  wal_checkpointer& operator=(const wal_checkpointer&) = delete;

  /// Call after a commit. @param pages Size of the log. @returns whether the writer must copy it
  /// now.
  bool has_grown(int pages);

  /// Copies as many pages as possible without waiting for others.
  /// @returns the number of pages left; nullopt: another checkpoint runs. @throws SQLite::Exception
  static std::optional<int> pass(SQLite::Database& db);

private:
  void run();

  SQLite::Database db_;
  database_words words_;
  std::function<void(const error&)> on_failure_;
  std::mutex mutex_; ///< Guards the members below.
  std::condition_variable wake_;
  int pages_ = 0;
  bool wants_rest_ = false, stopping_ = false;
  std::thread thread_; ///< Last member, because it uses the others.
};

} // namespace penstock::io
