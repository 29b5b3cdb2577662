#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace penstock::io {

/// Carries the log of a database (SQLite in WAL mode) over into its file, on a thread and with a
/// connection of its own, so that the writer's commits do not have to.
///
/// Once the log has grown, passes follow each other until only little is left; that little the
/// writer does itself after its next commit (`wants_rest`), because only when nothing is left
/// between two commits does the log begin anew. A log that grows faster than that, the writer
/// carries over alone. For the .cpp files of this folder only.
class wal_checkpointer {
public:
  static constexpr int begin_pages = 2000; ///< A log of so many wants to be carried over.
  static constexpr int rest_pages = 200;   ///< So few the writer may do itself.
  static constexpr int pages_max = 32'768; ///< So many the writer does in any case.

  /// What a failure is called. @param number `errno` of the failed system call, 0 if unknown.
  using namer = std::function<void(const SQLite::Exception&, int number)>;

  /// @param on_failure called on the thread, once; nothing is carried over after it.
  wal_checkpointer(const std::string& path, int busy_timeout_ms, namer on_failure);
  ~wal_checkpointer();
  wal_checkpointer(const wal_checkpointer&) = delete;
  wal_checkpointer& operator=(const wal_checkpointer&) = delete;

  /// After a commit: the log has so many pages. @returns whether the writer should carry it over
  /// now.
  bool has_grown(int pages);

  /// Carries over what it can without waiting for anybody.
  /// @returns how many pages are left; none: somebody else is at it. @throws SQLite::Exception
  static std::optional<int> pass(SQLite::Database& db);

private:
  void run();

  SQLite::Database db_;
  namer on_failure_;
  std::mutex mutex_; ///< Guards what follows.
  std::condition_variable wake_;
  int pages_ = 0;
  bool wants_rest_ = false, stopping_ = false;
  std::thread thread_; ///< Last: it uses the rest.
};

} // namespace penstock::io
