#include "core/io/store/wal_checkpointer.hpp"

#include <sqlite3.h>

#include <utility>

namespace penstock::io {

wal_checkpointer::wal_checkpointer(const std::string& path, int busy_timeout_ms,
                                   database_words words,
                                   std::function<void(const error&)> on_failure)
    : db_{path, SQLite::OPEN_READWRITE, busy_timeout_ms}, words_{std::move(words)},
      on_failure_{std::move(on_failure)} {
  db_.exec("PRAGMA synchronous=FULL");
  thread_ = std::thread{[this] { run(); }};
}

wal_checkpointer::~wal_checkpointer() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool wal_checkpointer::has_grown(int pages) {
  std::lock_guard lock{mutex_};
  pages_ = pages;
  if (pages < begin_pages) {
    wants_rest_ = false; // The log has begun again from its start.
    return false;
  }
  if (std::exchange(wants_rest_, false) || pages >= pages_max)
    return true;
  wake_.notify_one();
  return false;
}

std::optional<int> wal_checkpointer::pass(SQLite::Database& db) {
  int in_log = 0, carried = 0;
  const auto rc =
    sqlite3_wal_checkpoint_v2(db.getHandle(), "main", SQLITE_CHECKPOINT_PASSIVE, &in_log, &carried);
  if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
    return std::nullopt;
  if (rc != SQLITE_OK)
    throw SQLite::Exception{db.getHandle(), rc};
  return in_log - carried;
}

void wal_checkpointer::run() {
  std::unique_lock lock{mutex_};
  // A reader of old pages keeps them in the log. Then try again after the next commit.
  int seen = 0;
  for (;;) {
    wake_.wait(
      lock, [&] { return stopping_ || (pages_ >= begin_pages && !wants_rest_ && pages_ != seen); });
    if (stopping_)
      return;
    seen = pages_;
    lock.unlock();
    const auto left =
      guard_sqlite(words_, [&]() -> result<std::optional<int>> { return pass(db_); });
    if (!left)
      return on_failure_(left.error());
    lock.lock();
    wants_rest_ = *left && **left > 0 && **left <= rest_pages;
  }
}

} // namespace penstock::io
