#include "core/io/file/journal.hpp"
#include "core/base/checksum.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/file/journal_error.hpp"
#include "core/io/file/journal_head.hpp"
#include "core/io/file/sqlite_guard.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <system_error>

namespace penstock::io {

namespace {

constexpr int plain_version = 1;
/// While a rebuild is under way: a program that knows nothing of rebuilds must not go on with it.
constexpr int rebuild_version = 2;
constexpr int busy_timeout_ms = 1000; // For other programs: the lock file keeps our runs apart.

int64_t sum_of(uint64_t index, std::string_view bytes) noexcept {
  core::running_checksum sum;
  sum.update(std::to_string(index));
  sum.update(bytes);
  return static_cast<int64_t>(sum.value()); // SQLite has only signed numbers.
}

class sqlite_journal : public journal {
public:
  sqlite_journal(const std::string& path, int flags)
      : path_{path}, words_{journal_words(path)}, db_{path, flags, busy_timeout_ms} {
    // Exclusive mode first: then the WAL index is in memory, and no third file is needed.
    db_.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
             "PRAGMA secure_delete=OFF");
  }

  void create(run_identity identity) {
    head_.identity = std::move(identity);
    SQLite::Transaction tx{db_};
    db_.exec(
      "CREATE TABLE head(id INTEGER PRIMARY KEY, text BLOB NOT NULL, sum INTEGER NOT NULL);"
      "CREATE TABLE waiting(idx INTEGER PRIMARY KEY, line BLOB NOT NULL, sum INTEGER NOT NULL);"
      "PRAGMA user_version=" +
      std::to_string(plain_version));
    store(head_);
    tx.commit();
  }

  bool empty() { return db_.execAndGet("SELECT count(*) FROM sqlite_master").getInt64() == 0; }

  // Checks everything that does not need the output.
  result<void> load() {
    const auto version = db_.execAndGet("PRAGMA user_version").getInt();
    if (db_.execAndGet("SELECT count(*) FROM sqlite_master WHERE name='answers'").getInt() > 0)
      return error{errc::invalid_config,
                   path_ + " is the journal of a penstock map: choose another -o"};
    if (version > rebuild_version)
      return newer_journal(path_, version, rebuild_version);
    if (version < plain_version)
      return damaged_database(words_, "format " + std::to_string(version));
    if (auto said = db_.execAndGet("PRAGMA quick_check(1)").getString(); said != "ok")
      return damaged_database(words_, said);
    SQLite::Statement row{db_, "SELECT text, sum FROM head WHERE id=1"};
    if (!row.executeStep())
      return damaged_database(words_, "no head");
    const std::string text = row.getColumn(0).getString();
    auto head = decode_head(text);
    if (!head || sum_of(1, text) != row.getColumn(1).getInt64())
      return damaged_database(words_, "the head does not fit its checksum");
    head_ = std::move(*head);
    return {};
  }

  result<void> begin_rebuild(run_identity identity, const rebuild_mark& with) override {
    journal_head head;
    head.identity = std::move(identity);
    head.rebuild = with;
    return replace_head(std::move(head), rebuild_version, true);
  }

  result<void> end_rebuild() override {
    auto head = head_;
    head.rebuild = {};
    return replace_head(std::move(head), plain_version, false);
  }

  result<void> go_on_with(run_identity identity) override {
    auto head = head_;
    head.identity = std::move(identity);
    head.complete = false;
    head.input_read = {};
    return replace_head(std::move(head), plain_version, false);
  }

  const journal_head& head() const noexcept override { return head_; }

  result<void> append(const std::vector<journal_row>& rows, const input_mark* read) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      auto head = head_;
      SQLite::Transaction tx{db_};
      SQLite::Statement insert{db_, "INSERT OR REPLACE INTO waiting VALUES(?,?,?)"};
      for (auto& [index, line] : rows) {
        insert.bind(1, static_cast<int64_t>(index));
        insert.bindNoCopy(2, line.data(), static_cast<int>(line.size()));
        insert.bind(3, sum_of(index, line));
        insert.exec();
        insert.reset();
      }
      if (read) {
        head.input_read = *read;
        store(head);
      }
      tx.commit();
      head_ = std::move(head);
      return {};
    });
  }

  result<void> set_checkpoint(const run_checkpoint& at, bool complete) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      auto head = head_;
      head.checkpoint = at;
      head.complete = complete;
      head.rebuild.whole = complete && head.rebuild.number > 0;
      // Syncs the log, and with it all rows appended since the last sync.
      db_.exec("PRAGMA synchronous=FULL");
      {
        SQLite::Transaction tx{db_};
        SQLite::Statement trim{db_, "DELETE FROM waiting WHERE idx < ?"};
        trim.bind(1, static_cast<int64_t>(at.output_lines));
        trim.exec();
        store(head);
        tx.commit();
      }
      db_.exec("PRAGMA synchronous=NORMAL");
      head_ = std::move(head);
      if (complete)
        shrink();
      return {};
    });
  }

  result<std::vector<uint64_t>> waiting() override {
    return guard_sqlite(words_, [&]() -> result<std::vector<uint64_t>> {
      std::vector<uint64_t> indexes;
      SQLite::Statement rows{db_, "SELECT idx FROM waiting ORDER BY idx"};
      while (rows.executeStep())
        indexes.push_back(static_cast<uint64_t>(rows.getColumn(0).getInt64()));
      return indexes;
    });
  }

  result<std::vector<journal_row>> rows_from(uint64_t first, size_t rows_max) override {
    return guard_sqlite(words_, [&]() -> result<std::vector<journal_row>> {
      std::vector<journal_row> found;
      SQLite::Statement rows{
        db_, "SELECT idx, line, sum FROM waiting WHERE idx >= ? ORDER BY idx LIMIT ?"};
      rows.bind(1, static_cast<int64_t>(first));
      rows.bind(2, static_cast<int64_t>(rows_max));
      while (rows.executeStep()) {
        const auto index = static_cast<uint64_t>(rows.getColumn(0).getInt64());
        std::string line = rows.getColumn(1).getString();
        if (sum_of(index, line) != rows.getColumn(2).getInt64())
          return damaged_database(words_,
                                  "row " + std::to_string(index) + " does not fit its checksum");
        found.emplace_back(index, std::move(line));
      }
      return found;
    });
  }

private:
  /// Synced when it returns.
  result<void> replace_head(journal_head head, int version, bool drop_rows) {
    return guard_sqlite(words_, [&]() -> result<void> {
      db_.exec("PRAGMA synchronous=FULL");
      {
        SQLite::Transaction tx{db_};
        if (drop_rows)
          db_.exec("DELETE FROM waiting");
        store(head);
        db_.exec("PRAGMA user_version=" + std::to_string(version));
        tx.commit();
      }
      db_.exec("PRAGMA synchronous=NORMAL");
      head_ = std::move(head);
      return {};
    });
  }

  void store(const journal_head& head) {
    const auto text = encode_head(head);
    SQLite::Statement put{db_, "INSERT OR REPLACE INTO head VALUES(1,?,?)"};
    put.bindNoCopy(1, text.data(), static_cast<int>(text.size()));
    put.bind(2, sum_of(1, text));
    put.exec();
  }

  // Makes the file of a finished run small. The run is finished anyway, so errors are ignored.
  void shrink() noexcept {
    db_.tryExec("VACUUM");
    db_.tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  std::string path_;
  database_words words_;
  SQLite::Database db_;
  journal_head head_;
};

} // namespace

result<std::unique_ptr<journal>> create_journal(const std::string& path, run_identity identity) {
  if (auto plain = refuse_link(path); !plain)
    return plain.error();
  return guard_sqlite(journal_words(path), [&]() -> result<std::unique_ptr<journal>> {
    auto made =
      std::make_unique<sqlite_journal>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    made->create(std::move(identity));
    if (path != ":memory:")
      if (auto synced = sync_directory_of(path); !synced)
        return synced.error();
    return made;
  });
}

result<std::unique_ptr<journal>> open_journal(const std::string& path) {
  if (auto plain = refuse_link(path); !plain)
    return plain.error();
  return guard_sqlite(journal_words(path), [&]() -> result<std::unique_ptr<journal>> {
    auto opened = std::make_unique<sqlite_journal>(path, SQLite::OPEN_READWRITE);
    if (opened->empty())
      return std::unique_ptr<journal>{};
    if (auto loaded = opened->load(); !loaded)
      return loaded.error();
    return opened;
  });
}

result<void> remove_journal(const std::string& path) {
  for (auto suffix : {"-wal", "-shm", "-journal", ""}) {
    std::error_code ec;
    std::filesystem::remove(path + suffix, ec);
    if (ec)
      return system_error("cannot remove", path + suffix, ec.value());
  }
  return sync_directory_of(path);
}

} // namespace penstock::io
