#include "core/io/store/response_store.hpp"
#include "core/base/checksum.hpp"
#include "core/io/store/sqlite_statement.hpp"
#include "core/io/store/store_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <thread>
#include <unordered_map>

namespace penstock::io {

namespace {

constexpr int response_format_version = 1;
/// Several processes may write in turn, each for milliseconds.
constexpr int busy_timeout_ms = 5000;
/// A use is stored only if the last stored one is older than this, so that a hit seldom costs a
/// write.
constexpr unix_seconds use_grain = 60;
/// Entries per step when old ones are removed.
constexpr int evicted_at_once = 256;
/// SQLite accepts values of up to a billion bytes.
constexpr uint64_t value_max = 900'000'000;

int64_t sum_of(const std::string& key, const core::cached_answer& a) noexcept {
  core::running_checksum sum;
  sum.update(key);
  for (uint64_t n :
       {static_cast<uint64_t>(a.status_code), a.used.input_tokens, a.used.cached_input_tokens,
        a.used.output_tokens, a.used.reasoning_tokens, static_cast<uint64_t>(a.used.known),
        static_cast<uint64_t>(a.upstream.count()), static_cast<uint64_t>(a.request_id.size())})
    sum.update(std::to_string(n) + ',');
  sum.update(a.request_id);
  sum.update(a.lane);
  sum.update(a.body ? *a.body : std::string{});
  return static_cast<int64_t>(sum.value()); // SQLite has only signed numbers.
}

const char* response_schema = R"(
  CREATE TABLE answers(id INTEGER PRIMARY KEY, key BLOB NOT NULL, made INTEGER NOT NULL,
    expires INTEGER NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL, status INTEGER NOT NULL,
    input INTEGER NOT NULL, cached INTEGER NOT NULL, output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL, known INTEGER NOT NULL, upstream INTEGER NOT NULL,
    sum INTEGER NOT NULL, request_id BLOB NOT NULL, lane BLOB NOT NULL, body BLOB NOT NULL);
  CREATE UNIQUE INDEX by_key ON answers(key);
  CREATE INDEX by_use ON answers(used);
  CREATE INDEX by_expiry ON answers(expires);
  CREATE TABLE totals(entries INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES(0, 0);
  CREATE TRIGGER made AFTER INSERT ON answers BEGIN
    UPDATE totals SET entries = entries + 1, bytes = bytes + new.bytes; END;
  CREATE TRIGGER gone AFTER DELETE ON answers BEGIN
    UPDATE totals SET entries = entries - 1, bytes = bytes - old.bytes; END;
)";

class sqlite_store : public response_store {
public:
  sqlite_store(const std::string& path, store_limits limits)
      : path_{path}, words_{store_words(path)}, limits_{limits}, db_{path,
                                                                     SQLite::OPEN_READWRITE |
                                                                       SQLite::OPEN_CREATE,
                                                                     busy_timeout_ms} {}

  result<void> open() {
    db_.exec(
      "PRAGMA secure_delete=OFF; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=4194304");
    {
      SQLite::Transaction one_view{db_}; // Another process may be making the file now.
      if (auto ours = look(); !ours)
        return ours;
      one_view.commit();
    }
    // The change to WAL mode does not wait for other processes that do the same.
    for (int tries_left = 50;; --tries_left) {
      if (db_.tryExec("PRAGMA journal_mode=WAL") == SQLITE_OK)
        break;
      if (tries_left == 0)
        return error{errc::locked, "the cache " + path_ + " is in use by another program"};
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    SQLite::Transaction tx{db_, SQLite::TransactionBehavior::IMMEDIATE};
    if (is_empty())
      db_.exec(response_schema + ("PRAGMA application_id=" + std::to_string(application_id)) +
               "; PRAGMA user_version=" + std::to_string(response_format_version));
    if (auto ours = look(); !ours) // Another version of penstock may have made the file first.
      return ours;
    tx.commit();
    prepare();
    return {};
  }

  result<std::optional<core::cached_answer>> find(const std::string& key,
                                                  unix_seconds now) override {
    return guard_sqlite(words_, [&]() -> result<std::optional<core::cached_answer>> {
      std::optional<core::cached_answer> found;
      int64_t id = 0, used = 0;
      bool whole = true;
      {
        in_use row{*find_};
        bind_bytes(row.statement, 1, key);
        row->bind(2, now);
        row->bind(3, now - limits_.ttl.count());
        if (!row->executeStep())
          return found;
        id = row->getColumn(0).getInt64();
        used = row->getColumn(1).getInt64();
        auto& a = found.emplace();
        a.status_code = row->getColumn(2).getInt();
        a.used.input_tokens = static_cast<uint64_t>(row->getColumn(3).getInt64());
        a.used.cached_input_tokens = static_cast<uint64_t>(row->getColumn(4).getInt64());
        a.used.output_tokens = static_cast<uint64_t>(row->getColumn(5).getInt64());
        a.used.reasoning_tokens = static_cast<uint64_t>(row->getColumn(6).getInt64());
        a.used.known = row->getColumn(7).getInt() != 0;
        a.upstream = duration{row->getColumn(8).getInt64()};
        a.request_id = row->getColumn(10).getString();
        a.lane = row->getColumn(11).getString();
        a.body = core::make_payload(row->getColumn(12).getString());
        whole = sum_of(key, a) == row->getColumn(9).getInt64();
      }
      if (!whole) { // Damaged on disk: ask the provider again rather than give a wrong answer.
        in_use row{*drop_};
        row->bind(1, id);
        row->exec();
        return std::optional<core::cached_answer>{};
      }
      if (now - used >= use_grain)
        uses_[id] = now;
      return found;
    });
  }

  result<void> put(const std::vector<store_row>& rows, unix_seconds now) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      SQLite::Transaction tx{db_, SQLite::TransactionBehavior::IMMEDIATE};
      for (auto& row : rows)
        insert(row, now);
      for (auto [id, when] : uses_) {
        in_use note{*note_use_};
        note->bind(1, when);
        note->bind(2, id);
        note->exec();
      }
      {
        in_use old{*expire_};
        old->bind(1, now);
        old->exec();
      }
      evict();
      tx.commit();
      uses_.clear();
      return {};
    });
  }

  result<store_totals> totals() override {
    return guard_sqlite(words_, [&]() -> result<store_totals> {
      store_totals t;
      in_use row{*totals_};
      if (!row->executeStep())
        return damaged_database(words_, "no totals");
      t.entries = static_cast<uint64_t>(row->getColumn(0).getInt64());
      t.bytes = static_cast<uint64_t>(row->getColumn(1).getInt64());
      if (!row->getColumn(2).isNull())
        t.oldest = row->getColumn(2).getInt64();
      return t;
    });
  }

  result<uint64_t> clear(std::optional<unix_seconds> made_before) override {
    return guard_sqlite(words_, [&]() -> result<uint64_t> {
      SQLite::Statement gone{db_, "DELETE FROM answers WHERE made < ?"};
      gone.bind(1, made_before.value_or(std::numeric_limits<int64_t>::max()));
      const auto count = static_cast<uint64_t>(gone.exec());
      uses_.clear();
      // Frees the space on disk. If another process prevents that, SQLite uses the space again.
      db_.tryExec("VACUUM");
      db_.tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
      return count;
    });
  }

private:
  bool is_empty() { return db_.execAndGet("SELECT count(*) FROM sqlite_master").getInt64() == 0; }

  /// Whether the file is a response store, or empty. @pre In a transaction.
  result<void> look() {
    const auto id = static_cast<uint32_t>(db_.execAndGet("PRAGMA application_id").getInt64());
    if (id != application_id)
      return is_empty() ? result<void>{} : foreign_store(path_, "a database of another program");
    const auto version = db_.execAndGet("PRAGMA user_version").getInt();
    if (version > response_format_version)
      return error{errc::incompatible, "the cache " + path_ +
                                         " was made by a newer penstock (format " +
                                         std::to_string(version) + ", this one knows " +
                                         std::to_string(response_format_version) +
                                         "); use that program, name another with --cache-file, or "
                                         "pass --cache off"};
    if (version != response_format_version)
      return damaged_database(words_, "format " + std::to_string(version));
    return {};
  }

  void prepare() {
    const auto make = [&](auto& to, const char* sql) {
      to = std::make_unique<SQLite::Statement>(db_, sql);
    };
    make(find_, "SELECT id, used, status, input, cached, output, reasoning, known, upstream, sum, "
                "request_id, lane, body FROM answers WHERE key = ? AND expires > ? AND made > ?");
    make(insert_, "INSERT INTO answers VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    make(replace_, "DELETE FROM answers WHERE key = ?");
    make(drop_, "DELETE FROM answers WHERE id = ?");
    make(note_use_, "UPDATE answers SET used = ? WHERE id = ?");
    make(expire_, "DELETE FROM answers WHERE id IN "
                  "(SELECT id FROM answers WHERE expires <= ? LIMIT 1000)");
    make(least_used_, "SELECT id, bytes FROM answers ORDER BY used, id LIMIT ?");
    make(totals_,
         "SELECT entries, bytes, (SELECT made FROM answers ORDER BY id LIMIT 1) FROM totals");
  }

  void insert(const store_row& row, unix_seconds now) {
    const auto& a = *row.answer;
    const auto bytes = bytes_of(row.key, a);
    const std::string none;
    const auto& body = a.body ? *a.body : none;
    {
      in_use old{*replace_};
      bind_bytes(old.statement, 1, row.key);
      old->exec();
    }
    if (bytes > limits_.bytes_max || body.size() > value_max)
      return;
    in_use s{*insert_};
    int at = 0;
    const auto number = [&](uint64_t n) { s->bind(++at, static_cast<int64_t>(n)); };
    bind_bytes(s.statement, ++at, row.key);
    s->bind(++at, now);
    s->bind(++at, now + limits_.ttl.count());
    s->bind(++at, now);
    number(bytes);
    number(static_cast<uint64_t>(a.status_code));
    number(a.used.input_tokens);
    number(a.used.cached_input_tokens);
    number(a.used.output_tokens);
    number(a.used.reasoning_tokens);
    number(a.used.known);
    number(static_cast<uint64_t>(a.upstream.count()));
    s->bind(++at, sum_of(row.key, a));
    bind_bytes(s.statement, ++at, a.request_id);
    bind_bytes(s.statement, ++at, a.lane);
    bind_bytes(s.statement, ++at, body);
    s->exec();
  }

  void evict() {
    auto bytes = db_.execAndGet("SELECT bytes FROM totals").getInt64();
    if (bytes <= static_cast<int64_t>(limits_.bytes_max))
      return;
    const auto wanted = static_cast<int64_t>(limits_.bytes_max / 10 * 9);
    while (bytes > wanted) {
      std::vector<int64_t> ids;
      {
        in_use row{*least_used_};
        row->bind(1, evicted_at_once);
        while (bytes > wanted && row->executeStep()) {
          ids.push_back(row->getColumn(0).getInt64());
          bytes -= row->getColumn(1).getInt64();
        }
      }
      if (ids.empty())
        return;
      for (auto id : ids) {
        in_use row{*drop_};
        row->bind(1, id);
        row->exec();
      }
    }
  }

  using statement = std::unique_ptr<SQLite::Statement>;
  std::string path_;
  database_words words_;
  store_limits limits_;
  SQLite::Database db_;
  statement find_, insert_, replace_, drop_, note_use_, expire_, least_used_, totals_;
  std::unordered_map<int64_t, unix_seconds> uses_; ///< Last uses by id; written with the next rows.
};

} // namespace

uint64_t bytes_of(const std::string& key, const core::cached_answer& answer) noexcept {
  return entry_overhead + key.size() + answer.request_id.size() + answer.lane.size() +
         (answer.body ? answer.body->size() : 0);
}

result<std::unique_ptr<response_store>> open_response_store(const std::string& path,
                                                            store_limits limits) {
  if (path != ":memory:")
    if (auto made = make_private_file(path); !made)
      return made.error();
  auto opened = guard_sqlite(store_words(path), [&]() -> result<std::unique_ptr<response_store>> {
    auto made = std::make_unique<sqlite_store>(path, limits);
    if (auto ready = made->open(); !ready)
      return ready.error();
    return made;
  });
  if (!opened && opened.error().code == errc::corrupt)
    if (auto mark = read_mark(path); mark && *mark != file_mark::ours)
      return foreign_store(path, "something else");
  return opened;
}

} // namespace penstock::io
