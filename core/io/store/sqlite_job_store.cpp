#include "core/io/file/file_lock.hpp"
#include "core/io/store/job_book.hpp"
#include "core/io/store/job_store_file.hpp"
#include "core/io/store/sqlite_job_reader.hpp"
#include "core/io/store/store_file.hpp"
#include "core/io/store/wal_checkpointer.hpp"

#include <sqlite3.h>

#include <mutex>
#include <unordered_map>

namespace penstock::io {

namespace {

constexpr const char* other_head =
  "the head that works on this store; stop it, or name another file with --store";

class sqlite_job_store : public job_book {
public:
  sqlite_job_store(const std::string& path, file_lock lock)
      : path_{path}, words_{job_store_words(path)}, lock_{std::move(lock)},
        db_{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, job_store_busy_ms} {}

  ~sqlite_job_store() override {
    checkpointer_.reset();
    if (is_failed()) // Do not touch the log: the next process that opens the file starts from it.
      sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }

  result<void> open() {
    if (auto ready = prepare_job_store(db_, path_); !ready)
      return ready;
    const auto make = [&](auto& to, const std::string& sql) { to.emplace(db_, sql); };
    make(insert_, job_insert());
    make(update_, job_update());
    make(find_, "SELECT " + job_columns() + " FROM jobs WHERE id=? AND phase<3");
    make(find_key_,
         "SELECT id FROM jobs WHERE tenant=? AND idempotency_key=? AND idempotency_key<>x''");
    make(outcome_keys_, "SELECT key FROM outcomes WHERE key BETWEEN ? AND ? ORDER BY key");
    make(put_request_, std::string{"INSERT INTO requests("} + request_columns +
                         ") VALUES(?,?,?,?,?,?,?,?,?,?,?)");
    make(put_outcome_, "INSERT INTO outcomes(key, state, sum, line) VALUES(?,?,?,?)");
    make(put_tenant_, "INSERT OR REPLACE INTO tenants VALUES(?,?,?,?,?,?,?,?)");
    make(erase_tenant_, "DELETE FROM tenants WHERE tenant=? AND class=?");
    next_job_ =
      1 +
      static_cast<uint64_t>(
        db_.execAndGet("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name='jobs'), 0)")
          .getInt64());
    for (auto& t : read_tenants(db_))
      tenants_[{t.tenant, t.priority}].row = t;
    sqlite3_wal_hook(db_.getHandle(), &count_pages, this);
    checkpointer_.emplace(path_, job_store_busy_ms, words_, [this](const error& e) {
      std::lock_guard lock{mutex_};
      log_failure_ = e;
    });
    return {};
  }

  result<void> commit() override {
    if (!in_group_)
      return check();
    const auto done = guarded([&] {
      save();
      db_.exec("COMMIT");
      in_group_ = false;
      if (pages_ > 0 && checkpointer_->has_grown(std::exchange(pages_, 0)))
        wal_checkpointer::pass(db_);
    });
    if (done) // Ended jobs are seldom needed again.
      for (auto job : std::exchange(seen_, {}))
        if (auto it = entries_.find(job);
            it != entries_.end() && it->second.row.phase >= job_phase::ended)
          entries_.erase(it);
    return done;
  }

  void forget(uint64_t, uint64_t) override {
  } // Outcomes on disk need no memory here; they are removed with their job.

  bool is_durable() const noexcept override { return true; }

  result<std::shared_ptr<job_reader>> open_reader() override {
    return open_sqlite_job_reader(path_);
  }

protected:
  result<void> guarded(const std::function<void()>& work) override {
    if (auto sound = check(); !sound)
      return sound;
    try {
      auto done = guard_sqlite(words_, [&]() -> result<void> {
        if (!in_group_) {
          db_.exec("BEGIN IMMEDIATE");
          in_group_ = true;
        }
        work();
        return {};
      });
      if (done)
        return done;
      failed_ = done.error();
    } catch (const job_store_fault& fault) {
      return fault.why;
    }
    db_.tryExec("ROLLBACK"); // Does nothing if SQLite has rolled back already.
    in_group_ = false;
    return *failed_;
  }

  entry* find(uint64_t job) override {
    if (auto it = entries_.find(job); it != entries_.end())
      return it->second.row.phase == job_phase::leaving ? nullptr : &it->second;
    entry e;
    {
      in_use row{*find_};
      bind_number(row.statement, 1, job);
      if (!row->executeStep())
        return nullptr;
      auto found = read_job(row.statement);
      if (!found)
        throw job_store_fault{damaged_database(words_, "job " + std::to_string(job))};
      e.row = std::move(*found);
    }
    e.is_new = false;
    seen_.push_back(job);
    if (e.row.ordered < e.row.requests)
      read_above(e);
    return &entries_.emplace(job, std::move(e)).first->second;
  }

  entry* find(const std::string& tenant, const std::string& key) override {
    save();
    uint64_t job = 0;
    {
      in_use row{*find_key_};
      bind_bytes(row.statement, 1, tenant);
      bind_bytes(row.statement, 2, key);
      if (!row->executeStep())
        return nullptr;
      job = number_at(row.statement, 0);
    }
    return find(job);
  }

  entry& insert(job_row row) override {
    row.id = next_job_++;
    seen_.push_back(row.id);
    auto& e = entries_[row.id];
    e.row = std::move(row);
    return e;
  }

  void put_request(entry& to, uint64_t index, const request_ptr& what) override {
    in_use row{*put_request_};
    bind_request(row.statement, row_key(to.row.id, index), *what);
    row->exec();
  }

  void put_outcome(entry& to, const job_outcome& what, core::outcome_state state) override {
    if (!what.line) {
      line_.clear();
      core::append_output_line(line_, *what.outcome);
    }
    const std::string& line = what.line ? *what.line : line_;
    const auto key = row_key(to.row.id, what.index);
    in_use row{*put_outcome_};
    row->bind(1, key);
    bind_number(row.statement, 2, static_cast<uint64_t>(state));
    row->bind(3, sum_of_line(key, line));
    bind_bytes(row.statement, 4, line);
    row->exec();
  }

  core::output_totals erase_failed(entry& from) override {
    const auto& totals = from.row.totals;
    core::output_totals gone;
    gone.failed = totals.failed;
    gone.cancelled = totals.cancelled;
    gone.expired = totals.expired;
    if (gone.requests() == 0)
      return gone;
    const std::string which = " FROM outcomes WHERE key BETWEEN ? AND ? AND state<>0";
    SQLite::Statement count{db_, "SELECT count(*)" + which}, erase{db_, "DELETE" + which};
    for (auto* s : {&count, &erase}) {
      s->bind(1, row_key(from.row.id, 0));
      s->bind(2, row_key(from.row.id, job_requests_max));
    }
    if (!count.executeStep() || number_at(count, 0) != gone.requests())
      throw job_store_fault{
        damaged_database(words_, "the counts of job " + std::to_string(from.row.id))};
    erase.exec();
    from.row.ordered = 0;
    from.above.clear();
    read_above(from);
    return gone;
  }

  std::vector<uint64_t> open_jobs() override {
    save();
    std::vector<uint64_t> ids;
    SQLite::Statement rows{db_, "SELECT id FROM jobs WHERE phase=1 ORDER BY id"};
    while (rows.executeStep())
      ids.push_back(number_at(rows, 0));
    return ids;
  }

  entry* find_expired(unix_ms ended_before, unix_ms received_before) override {
    save();
    SQLite::Statement row{db_, "SELECT id FROM jobs WHERE phase=2 AND ended<? UNION ALL "
                               "SELECT id FROM jobs WHERE phase=0 AND touched<? LIMIT 1"};
    row.bind(1, ended_before);
    row.bind(2, received_before);
    return row.executeStep() ? find(number_at(row, 0)) : nullptr;
  }

  void hide(entry&) override {} // The key is a column of the row.

  uint32_t erase_leaving(uint32_t rows_max) override {
    save();
    SQLite::Statement some{db_, "SELECT id FROM jobs WHERE phase=3 LIMIT 1"};
    if (!some.executeStep())
      return 0;
    const auto job = number_at(some, 0);
    some.tryReset();
    uint32_t removed = 0;
    for (auto* table : {"requests", "outcomes"}) {
      const auto of = std::string{table};
      SQLite::Statement erase{db_, "DELETE FROM " + of + " WHERE key IN (SELECT key FROM " + of +
                                     " WHERE key BETWEEN ? AND ? LIMIT ?)"};
      erase.bind(1, row_key(job, 0));
      erase.bind(2, row_key(job, job_requests_max));
      erase.bind(3, rows_max - removed);
      removed += static_cast<uint32_t>(erase.exec());
    }
    if (removed == rows_max)
      return removed;
    SQLite::Statement erase{db_, "DELETE FROM jobs WHERE id=?"};
    bind_number(erase, 1, job);
    erase.exec();
    entries_.erase(job);
    return removed + 1;
  }

private:
  result<void> check() {
    std::lock_guard lock{mutex_};
    if (!failed_ && log_failure_)
      failed_ = log_failure_;
    return failed_ ? result<void>{*failed_} : result<void>{};
  }
  bool is_failed() { return !check(); }

  /// Writes the rows of jobs and tenants that have changed.
  void save() {
    for (auto job : std::exchange(changed_, {})) {
      auto& e = entries_.at(job);
      in_use row{e.is_new ? *insert_ : *update_};
      if (e.is_new)
        bind_new(row.statement, e.row);
      else
        bind_number(row.statement, 1 + bind_changing(row.statement, 1, e.row), job);
      row->exec();
      e.is_new = e.has_changed = false;
      seen_.push_back(job);
    }
    for (auto at : std::exchange(changed_tenants_, {}))
      save_tenant(at);
  }

  void save_tenant(tenant_map::iterator at) {
    at->second.has_changed = false;
    const auto& t = at->second.row;
    const auto is_gone = t == tenant_row{t.tenant, t.priority};
    in_use row{is_gone ? *erase_tenant_ : *put_tenant_};
    int column = 0;
    bind_bytes(row.statement, ++column, t.tenant);
    bind_number(row.statement, ++column, static_cast<uint64_t>(t.priority));
    if (!is_gone)
      for (auto n : {t.jobs, t.pending, t.completed, t.failed, t.cancelled, t.expired})
        bind_number(row.statement, ++column, n);
    row->exec();
    if (is_gone)
      tenants_.erase(at);
  }

  /// Finds the outcomes from `ordered` on.
  void read_above(entry& e) {
    in_use rows{*outcome_keys_};
    rows->bind(1, row_key(e.row.id, e.row.ordered));
    rows->bind(2, row_key(e.row.id, job_requests_max));
    while (rows->executeStep()) {
      const auto index = uint64_t{static_cast<uint32_t>(rows->getColumn(0).getInt64())};
      if (index == e.row.ordered)
        ++e.row.ordered;
      else
        e.above.insert(e.above.end(), index);
    }
  }

  static int count_pages(void* self, sqlite3*, const char*, int pages) {
    static_cast<sqlite_job_store*>(self)->pages_ = pages;
    return SQLITE_OK;
  }

  std::string path_;
  database_words words_;
  file_lock lock_;
  SQLite::Database db_;
  std::optional<SQLite::Statement> insert_, update_, find_, find_key_, outcome_keys_, put_request_,
    put_outcome_, put_tenant_, erase_tenant_;
  std::unordered_map<uint64_t, entry>
    entries_;                  ///< Jobs that have not ended, or changed in this group.
  std::vector<uint64_t> seen_; ///< Jobs that are new or changed in this group.
  uint64_t next_job_ = 1;
  bool in_group_ = false;
  int pages_ = 0;    ///< Size of the log after the last commit.
  std::string line_; ///< Reused buffer.
  std::mutex mutex_; ///< Guards the next member, which another thread sets.
  std::optional<error> log_failure_;
  std::optional<error> failed_;
  /// Last member, because its thread uses the others.
  std::optional<wal_checkpointer> checkpointer_;
};

} // namespace

result<std::shared_ptr<job_store>> open_job_store(const std::string& path) {
  if (auto made = make_private_file(path, "the store", "name another file with --store"); !made)
    return made.error();
  auto lock = file_lock::acquire(path + ".lock", other_head);
  if (!lock)
    return lock.error();
  auto opened = guard_sqlite(job_store_words(path), [&]() -> result<std::shared_ptr<job_store>> {
    auto made = std::make_shared<sqlite_job_store>(path, std::move(*lock));
    if (auto ready = made->open(); !ready)
      return ready.error();
    return made;
  });
  if (!opened && opened.error().code == errc::corrupt && is_foreign_job_store(path))
    return error{errc::invalid_config,
                 path + " is no store of penstock; name another file with --store"};
  return opened;
}

} // namespace penstock::io
