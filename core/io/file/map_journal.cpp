#include "core/io/file/map_journal.hpp"

#include "core/base/checksum.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/file/journal_error.hpp"
#include "core/io/file/journal_head.hpp"
#include "core/io/file/map_head.hpp"
#include "core/io/file/output_paths.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace penstock::io {

namespace {

constexpr int map_format_version = 2; // 1: answers of rows that were not at the output, no more.
constexpr int map_busy_timeout_ms = 1000;

/// A checksum over a row of a table, as SQLite takes it.
class column_sum {
public:
  column_sum& operator<<(uint64_t number) { return *this << std::to_string(number); }
  column_sum& operator<<(std::string_view text) {
    sum_.update(std::to_string(text.size()));
    sum_.update(":");
    sum_.update(text);
    return *this;
  }
  int64_t value() const noexcept { return static_cast<int64_t>(sum_.value()); }

private:
  core::running_checksum sum_;
};

int64_t sum_of(const map_record& r) {
  return (column_sum{} << r.slot << r.stage << r.round << r.generation << r.asks << r.documents
                       << uint64_t{r.good} << r.line)
    .value();
}

std::string packed(const core::row_keys& k) {
  const std::array<uint64_t, 4> numbers{k.whole, k.id, k.used, k.first};
  std::string bytes(sizeof numbers, '\0');
  std::memcpy(bytes.data(), numbers.data(), sizeof numbers);
  return bytes;
}

std::optional<core::row_keys> unpacked(const std::string& bytes) {
  std::array<uint64_t, 4> numbers{};
  if (bytes.size() != sizeof numbers)
    return std::nullopt;
  std::memcpy(numbers.data(), bytes.data(), sizeof numbers);
  return core::row_keys{numbers[0], numbers[1], numbers[2], numbers[3]};
}

int64_t sum_of(const map_place& row, const std::string& keys) {
  return (column_sum{} << row.slot << row.place << keys).value();
}

class sqlite_map_journal : public map_journal {
public:
  sqlite_map_journal(const std::string& path, int flags)
      : path_{path}, words_{journal_words(path)}, db_{path, flags, map_busy_timeout_ms} {
    // Exclusive first: the WAL index then lives in memory and no third file is needed.
    db_.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
             "PRAGMA secure_delete=OFF");
  }

  void create(const map_head& head, const std::vector<map_place>& rows) {
    SQLite::Transaction tx{db_};
    db_.exec("CREATE TABLE head(id INTEGER PRIMARY KEY, text BLOB NOT NULL, sum INTEGER NOT NULL)");
    make_tables();
    store(rows);
    store(head);
    tx.commit();
    head_ = head;
  }

  bool empty() { return db_.execAndGet("SELECT count(*) FROM sqlite_master").getInt64() == 0; }

  // Everything that can be checked without the output.
  result<void> load(const older_map& older) {
    const auto version = db_.execAndGet("PRAGMA user_version").getInt();
    if (version > map_format_version)
      return newer_journal(path_, version, map_format_version);
    if (auto said = db_.execAndGet("PRAGMA quick_check(1)").getString(); said != "ok")
      return damaged_database(words_, said);
    auto text = head_text();
    if (!text)
      return text.error();
    if (version == 1)
      return upgrade(*text, older);
    if (version != map_format_version || !has_table("answers"))
      return has_table("waiting")
               ? error{errc::invalid_config,
                       path_ + " is the journal of a penstock run: choose another -o"}
               : damaged_database(words_, "format " + std::to_string(version));
    auto head = decode_map_head(*text);
    if (!head)
      return damaged_database(words_, "the head cannot be read");
    head_ = std::move(*head);
    return {};
  }

  const map_head& head() const noexcept override { return head_; }

  result<void> append(const std::vector<map_record>& answers) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      SQLite::Transaction tx{db_};
      insert(answers);
      tx.commit();
      return {};
    });
  }

  result<void> set_head(const map_head& head) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      // Syncs the log, and with it all answers that were appended since the last time.
      db_.exec("PRAGMA synchronous=FULL");
      {
        SQLite::Transaction tx{db_};
        store(head);
        tx.commit();
      }
      db_.exec("PRAGMA synchronous=NORMAL");
      head_ = head;
      if (head.complete) // A finished map is one file. It is finished with or without that.
        db_.tryExec("PRAGMA wal_checkpoint(TRUNCATE)");
      return {};
    });
  }

  result<void> rebase(const map_head& head, const std::vector<map_place>& rows) override {
    return guard_sqlite(words_, [&]() -> result<void> {
      db_.exec("PRAGMA synchronous=FULL");
      {
        SQLite::Transaction tx{db_};
        db_.exec("DELETE FROM rows");
        store(rows);
        db_.exec("DELETE FROM rows WHERE place < 0 AND slot NOT IN (SELECT slot FROM answers)");
        store(head);
        tx.commit();
      }
      db_.exec("PRAGMA synchronous=NORMAL");
      head_ = head;
      return {};
    });
  }

  result<std::vector<map_place>> rows() override {
    return guard_sqlite(words_, [&]() -> result<std::vector<map_place>> {
      std::vector<map_place> found;
      SQLite::Statement rows{db_, "SELECT slot, place, keys, sum FROM rows ORDER BY slot"};
      while (rows.executeStep()) {
        map_place row;
        row.slot = static_cast<uint64_t>(rows.getColumn(0).getInt64());
        row.place = static_cast<uint64_t>(rows.getColumn(1).getInt64()); // -1 is `no_row`.
        const std::string bytes = rows.getColumn(2).getString();
        const auto keys = unpacked(bytes);
        if (!keys || sum_of(row, bytes) != rows.getColumn(3).getInt64())
          return damaged_database(words_,
                                  "row " + std::to_string(row.slot) + " does not fit its checksum");
        row.keys = *keys;
        found.push_back(row);
      }
      return found;
    });
  }

  result<std::vector<map_record>> answers_of(uint64_t slot) override {
    return guard_sqlite(words_, [&]() -> result<std::vector<map_record>> {
      std::vector<map_record> found;
      if (!by_slot_)
        by_slot_.emplace(db_, "SELECT stage, round, generation, asks, documents, good, line, sum "
                              "FROM answers WHERE slot=? ORDER BY id");
      auto& rows = *by_slot_;
      rows.reset();
      rows.bind(1, static_cast<int64_t>(slot));
      while (rows.executeStep()) {
        map_record r;
        r.slot = slot;
        r.stage = rows.getColumn(0).getUInt();
        r.round = rows.getColumn(1).getUInt();
        r.generation = rows.getColumn(2).getUInt();
        r.asks = static_cast<uint64_t>(rows.getColumn(3).getInt64());
        r.documents = rows.getColumn(4).getString();
        r.good = rows.getColumn(5).getInt() != 0;
        r.line = rows.getColumn(6).getString();
        if (sum_of(r) != rows.getColumn(7).getInt64())
          return damaged_database(words_, "an answer does not fit its checksum");
        found.push_back(std::move(r));
      }
      rows.reset();
      return found;
    });
  }

  result<std::vector<std::pair<uint64_t, uint64_t>>> good_answers() override {
    return guard_sqlite(words_, [&]() -> result<std::vector<std::pair<uint64_t, uint64_t>>> {
      std::vector<std::pair<uint64_t, uint64_t>> found;
      SQLite::Statement rows{db_, "SELECT slot, asks FROM answers WHERE good ORDER BY slot"};
      while (rows.executeStep())
        found.emplace_back(static_cast<uint64_t>(rows.getColumn(0).getInt64()),
                           static_cast<uint64_t>(rows.getColumn(1).getInt64()));
      return found;
    });
  }

private:
  bool has_table(const std::string& name) {
    SQLite::Statement found{db_, "SELECT count(*) FROM sqlite_master WHERE name=?"};
    found.bind(1, name);
    return found.executeStep() && found.getColumn(0).getInt() > 0;
  }

  void make_tables() {
    db_.exec("CREATE TABLE rows(slot INTEGER PRIMARY KEY, place INTEGER NOT NULL,"
             " keys BLOB NOT NULL, sum INTEGER NOT NULL);"
             "CREATE TABLE answers(id INTEGER PRIMARY KEY, slot INTEGER NOT NULL,"
             " stage INTEGER NOT NULL, round INTEGER NOT NULL, generation INTEGER NOT NULL,"
             " asks INTEGER NOT NULL, documents TEXT NOT NULL, good INTEGER NOT NULL,"
             " line BLOB NOT NULL, sum INTEGER NOT NULL);"
             "CREATE INDEX answers_of_slots ON answers(slot);"
             "PRAGMA user_version=" +
             std::to_string(map_format_version));
  }

  result<std::string> head_text() {
    SQLite::Statement row{db_, "SELECT text, sum FROM head WHERE id=1"};
    if (!row.executeStep())
      return damaged_database(words_, "no head");
    std::string text = row.getColumn(0).getString();
    core::running_checksum sum; // As journals of runs have it.
    sum.update("1");
    sum.update(text);
    if (static_cast<int64_t>(sum.value()) != row.getColumn(1).getInt64())
      return damaged_database(words_, "the head does not fit its checksum");
    return text;
  }

  void store(const map_head& head) { store_head(encode_map_head(head)); }

  void store_head(const std::string& text) {
    core::running_checksum sum;
    sum.update("1");
    sum.update(text);
    SQLite::Statement put{db_, "INSERT OR REPLACE INTO head VALUES(1,?,?)"};
    put.bindNoCopy(1, text.data(), static_cast<int>(text.size()));
    put.bind(2, static_cast<int64_t>(sum.value()));
    put.exec();
  }

  void store(const std::vector<map_place>& rows) {
    SQLite::Statement put{db_, "INSERT INTO rows VALUES(?,?,?,?)"};
    for (auto& row : rows) {
      const auto keys = packed(row.keys);
      put.bind(1, static_cast<int64_t>(row.slot));
      put.bind(2, static_cast<int64_t>(row.place));
      put.bindNoCopy(3, keys.data(), static_cast<int>(keys.size()));
      put.bind(4, sum_of(row, keys));
      put.exec();
      put.reset();
    }
  }

  void insert(const std::vector<map_record>& answers) {
    SQLite::Statement put{
      db_, "INSERT INTO answers(slot,stage,round,generation,asks,documents,good,line,sum) "
           "VALUES(?,?,?,?,?,?,?,?,?)"};
    for (auto& r : answers) {
      put.bind(1, static_cast<int64_t>(r.slot));
      put.bind(2, r.stage);
      put.bind(3, r.round);
      put.bind(4, r.generation);
      put.bind(5, static_cast<int64_t>(r.asks));
      put.bindNoCopy(6, r.documents);
      put.bind(7, r.good ? 1 : 0);
      put.bindNoCopy(8, r.line.data(), static_cast<int>(r.line.size()));
      put.bind(9, sum_of(r));
      put.exec();
      put.reset();
    }
  }

  /// Format 1 numbers requests row by row, stage by stage, round by round, and has forgotten those
  /// of the rows at the output.
  result<void> upgrade(const std::string& text, const older_map& older) {
    const auto begun = decode_head(text);
    if (!begun || !has_table("waiting"))
      return damaged_database(words_, "the head cannot be read");
    if (auto same = check_identity(begun->identity, older.identity, older.output); !same)
      return same;
    const auto per_row = std::accumulate(older.rounds.begin(), older.rounds.end(), uint64_t{0});
    map_head head;
    head.identity = begun->identity;
    head.documents = older.documents;
    head.checkpoint = begun->checkpoint;
    head.checkpoint.output_lines /= per_row;
    head.complete = begun->complete;
    head.partial = head.checkpoint.output_lines > 0;
    head.rows = older.rows.size();
    std::vector<map_record> answers;
    SQLite::Statement rows{db_, "SELECT idx, line, sum FROM waiting ORDER BY idx"};
    while (rows.executeStep()) {
      const auto number = static_cast<uint64_t>(rows.getColumn(0).getInt64());
      map_record r;
      r.slot = number / per_row;
      r.line = rows.getColumn(1).getString();
      core::running_checksum sum;
      sum.update(std::to_string(number));
      sum.update(r.line);
      const auto record = core::parse_output_line(r.line);
      if (!record || static_cast<int64_t>(sum.value()) != rows.getColumn(2).getInt64())
        return damaged_database(words_,
                                "row " + std::to_string(number) + " does not fit its checksum");
      r.good = record->state == core::outcome_state::completed;
      auto in_row = number % per_row;
      while (in_row >= older.rounds[r.stage])
        in_row -= older.rounds[r.stage++];
      r.round = static_cast<uint32_t>(in_row);
      answers.push_back(std::move(r));
    }
    rows.reset();
    std::vector<map_place> places;
    for (uint64_t i = 0; i < older.rows.size(); ++i)
      places.push_back({i, i, older.rows[i]});
    SQLite::Transaction tx{db_};
    make_tables();
    store(places);
    insert(answers);
    store(head);
    db_.exec("DROP TABLE waiting");
    tx.commit();
    head_ = std::move(head);
    return {};
  }

  std::string path_;
  database_words words_;
  SQLite::Database db_;
  std::optional<SQLite::Statement> by_slot_;
  map_head head_;
};

} // namespace

result<std::unique_ptr<map_journal>> create_map_journal(const std::string& path,
                                                        const map_head& head,
                                                        const std::vector<map_place>& rows) {
  if (auto plain = refuse_link(path); !plain)
    return plain.error();
  return guard_sqlite(journal_words(path), [&]() -> result<std::unique_ptr<map_journal>> {
    auto made =
      std::make_unique<sqlite_map_journal>(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    made->create(head, rows);
    if (path != ":memory:")
      if (auto synced = sync_directory_of(path); !synced)
        return synced.error();
    return made;
  });
}

result<std::unique_ptr<map_journal>> open_map_journal(const std::string& path,
                                                      const older_map& older) {
  if (auto plain = refuse_link(path); !plain)
    return plain.error();
  return guard_sqlite(journal_words(path), [&]() -> result<std::unique_ptr<map_journal>> {
    auto opened = std::make_unique<sqlite_map_journal>(path, SQLite::OPEN_READWRITE);
    if (opened->empty())
      return std::unique_ptr<map_journal>{};
    if (auto loaded = opened->load(older); !loaded)
      return loaded.error();
    return opened;
  });
}

} // namespace penstock::io
