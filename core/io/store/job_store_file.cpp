#include "core/io/store/job_store_file.hpp"
#include "core/base/checksum.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/store/job_store_upgrade.hpp"
#include "core/io/store/store_file.hpp"

#include <sqlite3.h>

#include <cerrno>

namespace penstock::io {

namespace {

constexpr uint32_t job_store_id = 0x50534b4a; // "PSKJ"
constexpr int format_version = 2;

/// The sums: name of the column and member, for reading and writing.
template <class Totals, class F>
void for_each_total(Totals& t, F&& f) {
  f("completed", t.completed);
  f("failed", t.failed);
  f("cancelled", t.cancelled);
  f("expired", t.expired);
  f("cached", t.cached);
  f("attempts", t.attempts);
  f("rate_limited", t.rate_limited);
  f("input_tokens", t.input_tokens);
  f("cached_input_tokens", t.cached_input_tokens);
  f("output_tokens", t.output_tokens);
  f("reasoning_tokens", t.reasoning_tokens);
  f("upstream_ms", t.upstream_ms);
  f("cost_nanodollars", t.cost_nanodollars);
  f("attempts_parts", t.attempts_parts);
  f("rate_limited_parts", t.rate_limited_parts);
}

constexpr const char* fixed_columns[] = {"id",      "tenant",  "class", "name",
                                         "options", "created", "sum"};
constexpr const char* changing_columns[] = {"idempotency_key", "phase",    "complete", "state",
                                            "lives",           "requests", "ordered",  "touched",
                                            "ended",           "progress"};

template <class F>
void for_each_changing(F&& f) {
  for (auto* name : changing_columns)
    f(name);
  core::output_totals none;
  for_each_total(none, [&](const char* name, uint64_t&) { f(name); });
}

std::string schema() {
  std::string totals;
  core::output_totals none;
  for_each_total(none, [&](const char* name, uint64_t&) {
    totals += std::string{", "} + name + " INTEGER NOT NULL";
  });
  return R"(
    CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, tenant BLOB NOT NULL, class INTEGER NOT NULL,
      name BLOB NOT NULL, options BLOB NOT NULL, created INTEGER NOT NULL, sum INTEGER NOT NULL,
      idempotency_key BLOB NOT NULL, phase INTEGER NOT NULL, complete INTEGER NOT NULL,
      state INTEGER NOT NULL, lives INTEGER NOT NULL, requests INTEGER NOT NULL,
      ordered INTEGER NOT NULL, touched INTEGER NOT NULL, ended INTEGER NOT NULL,
      progress BLOB NOT NULL)" +
         totals + R"();
    CREATE UNIQUE INDEX by_key ON jobs(tenant, idempotency_key) WHERE idempotency_key <> x'';
    CREATE INDEX by_tenant ON jobs(tenant);
    CREATE INDEX by_phase ON jobs(phase, ended);
    CREATE TABLE requests(key INTEGER PRIMARY KEY, line INTEGER NOT NULL, custom_id BLOB NOT NULL,
      method BLOB NOT NULL, url BLOB NOT NULL, model BLOB NOT NULL, output_max INTEGER NOT NULL,
      code INTEGER NOT NULL, reason BLOB NOT NULL, body BLOB, sum INTEGER NOT NULL);
    CREATE TABLE outcomes(key INTEGER PRIMARY KEY, state INTEGER NOT NULL, sum INTEGER NOT NULL,
      line BLOB NOT NULL);
    CREATE TABLE tenants(tenant BLOB NOT NULL, class INTEGER NOT NULL, jobs INTEGER NOT NULL,
      pending INTEGER NOT NULL, completed INTEGER NOT NULL, failed INTEGER NOT NULL,
      cancelled INTEGER NOT NULL, expired INTEGER NOT NULL, PRIMARY KEY(tenant, class)) WITHOUT ROWID;
    PRAGMA application_id=)" +
         std::to_string(job_store_id) + "; PRAGMA user_version=" + std::to_string(format_version);
}

/// The checksum covers the ends of the texts, too.
void add_text(core::running_checksum& sum, std::string_view text) {
  sum.update(std::to_string(text.size()) + ':');
  sum.update(text);
}

int64_t value_of(const core::running_checksum& sum) { return static_cast<int64_t>(sum.value()); }

} // namespace

int64_t sum_of_header(const job_row& row) {
  core::running_checksum sum;
  sum.update(std::to_string(row.id) + ',' + std::to_string(static_cast<int>(row.head.priority)) +
             ',' + std::to_string(row.created) + ',');
  for (auto* text : {&row.head.tenant, &row.head.name, &row.head.options})
    add_text(sum, *text);
  return value_of(sum);
}

namespace {

int64_t sum_of_request(int64_t key, const core::request& r) {
  // This runs for every request, so it takes the numbers as they are in memory.
  const uint64_t numbers[] = {static_cast<uint64_t>(key),
                              r.line,
                              r.output_tokens_max,
                              r.rejection ? static_cast<uint64_t>(r.rejection->code) : 0,
                              r.custom_id.size(),
                              r.method.size(),
                              r.url.size(),
                              r.model.size(),
                              r.body ? r.body->size() + 1 : 0};
  core::running_checksum sum;
  sum.update({reinterpret_cast<const char*>(numbers), sizeof numbers});
  for (auto* text : {&r.custom_id, &r.method, &r.url, &r.model})
    sum.update(*text);
  if (r.rejection)
    sum.update(r.rejection->context);
  if (r.body)
    sum.update(*r.body);
  return value_of(sum);
}

result<void> look(SQLite::Database& db, const std::string& path) {
  const auto id = static_cast<uint32_t>(db.execAndGet("PRAGMA application_id").getInt64());
  if (id != job_store_id)
    return error{errc::invalid_config, path +
                                         " is a database of another program, no store of penstock; "
                                         "name another file with --store"};
  const auto version = db.execAndGet("PRAGMA user_version").getInt();
  if (version > format_version)
    return error{errc::incompatible,
                 "the store " + path + " was made by a newer penstock (format " +
                   std::to_string(version) + ", this one knows " + std::to_string(format_version) +
                   "); use that program, or name another file with --store"};
  if (version < 1)
    return damaged_database(job_store_words(path), "format " + std::to_string(version));
  return {};
}

bool is_empty(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_master").getInt64() == 0;
}

} // namespace

database_words job_store_words(const std::string& path) {
  return {"the store " + path, "; put a copy in its place, or begin a new one with --store",
          "; free some space and start again: what was acknowledged is safe",
          "; look after the disk and start again: what was acknowledged is safe"};
}

result<void> prepare_job_store(SQLite::Database& db, const std::string& path) {
  // The page size is fixed when the file is made. Large pages waste less space with bodies of 1
  // KB.
  db.exec("PRAGMA page_size=8192; PRAGMA secure_delete=OFF");
  if (!is_empty(db))
    if (auto ours = look(db, path); !ours)
      return ours;
  db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864");
  if (db.execAndGet("PRAGMA user_version").getInt() == 1)
    if (auto upgraded = upgrade_job_store(db, path); !upgraded)
      return upgraded;
  SQLite::Transaction tx{db, SQLite::TransactionBehavior::IMMEDIATE};
  if (is_empty(db))
    db.exec(schema());
  if (auto ours = look(db, path); !ours)
    return ours;
  // Jobs that ran before must run again, no matter how the process ended.
  db.exec("UPDATE jobs SET state=0 WHERE phase=1 AND state<>0");
  tx.commit();
  return {};
}

bool is_foreign_job_store(const std::string& path) {
  const auto mark = read_mark(path, job_store_id);
  return mark && *mark == file_mark::foreign;
}

std::string job_columns() {
  std::string list;
  for (auto* name : fixed_columns)
    list += (list.empty() ? "" : ", ") + std::string{name};
  for_each_changing([&](const char* name) { list += std::string{", "} + name; });
  return list;
}

std::string job_update() {
  std::string list;
  for_each_changing(
    [&](const char* name) { list += (list.empty() ? "" : ", ") + std::string{name} + "=?"; });
  return "UPDATE jobs SET " + list + " WHERE id=?";
}

std::string job_insert() {
  auto places = std::string{"?"};
  for (size_t i = 1; i < std::size(fixed_columns); ++i)
    places += ",?";
  for_each_changing([&](const char*) { places += ",?"; });
  return "INSERT INTO jobs(" + job_columns() + ") VALUES(" + places + ")";
}

int bind_changing(SQLite::Statement& s, int at, const job_row& row) {
  const auto first = at;
  bind_bytes(s, at++, row.head.idempotency_key);
  for (uint64_t n : {static_cast<uint64_t>(row.phase), static_cast<uint64_t>(row.complete),
                     uint64_t{row.state}, uint64_t{row.lives}, row.requests, row.ordered,
                     static_cast<uint64_t>(row.touched), static_cast<uint64_t>(row.ended)})
    bind_number(s, at++, n);
  bind_bytes(s, at++, row.progress);
  for_each_total(row.totals, [&](const char*, const uint64_t& n) { bind_number(s, at++, n); });
  return at - first;
}

void bind_new(SQLite::Statement& s, const job_row& row) {
  bind_number(s, 1, row.id);
  bind_bytes(s, 2, row.head.tenant);
  bind_number(s, 3, static_cast<uint64_t>(row.head.priority));
  bind_bytes(s, 4, row.head.name);
  bind_bytes(s, 5, row.head.options);
  s.bind(6, row.created);
  s.bind(7, sum_of_header(row));
  bind_changing(s, 8, row);
}

std::optional<job_row> read_job(SQLite::Statement& s) {
  job_row row;
  int at = 0;
  const auto number = [&] { return number_at(s, at++); };
  const auto text = [&] { return s.getColumn(at++).getString(); };
  row.id = number();
  row.head.tenant = text();
  row.head.priority = static_cast<core::priority>(number());
  row.head.name = text();
  row.head.options = text();
  row.created = static_cast<unix_ms>(number());
  const auto sum = static_cast<int64_t>(number());
  row.head.idempotency_key = text();
  row.phase = static_cast<job_phase>(number());
  row.complete = number() != 0;
  row.state = static_cast<uint8_t>(number());
  row.lives = static_cast<uint32_t>(number());
  row.requests = number();
  row.ordered = number();
  row.touched = static_cast<unix_ms>(number());
  row.ended = static_cast<unix_ms>(number());
  row.progress = text();
  for_each_total(row.totals, [&](const char*, uint64_t& n) { n = number(); });
  return sum == sum_of_header(row) ? std::optional{std::move(row)} : std::nullopt;
}

void bind_request(SQLite::Statement& s, int64_t key, const core::request& r) {
  s.bind(1, key);
  bind_number(s, 2, r.line);
  bind_bytes(s, 3, r.custom_id);
  bind_bytes(s, 4, r.method);
  bind_bytes(s, 5, r.url);
  bind_bytes(s, 6, r.model);
  bind_number(s, 7, r.output_tokens_max);
  bind_number(s, 8, r.rejection ? static_cast<uint64_t>(r.rejection->code) : 0);
  bind_bytes(s, 9, r.rejection ? std::string_view{r.rejection->context} : std::string_view{""});
  if (r.body)
    bind_bytes(s, 10, *r.body);
  else
    s.bind(10);
  s.bind(11, sum_of_request(key, r));
}

request_ptr read_request(SQLite::Statement& s) {
  core::request r;
  const auto key = s.getColumn(0).getInt64();
  r.index = static_cast<uint32_t>(key);
  r.line = number_at(s, 1);
  r.custom_id = s.getColumn(2).getString();
  r.method = s.getColumn(3).getString();
  r.url = s.getColumn(4).getString();
  r.model = s.getColumn(5).getString();
  r.output_tokens_max = static_cast<uint32_t>(number_at(s, 6));
  if (const auto code = number_at(s, 7); code != 0)
    r.rejection = error{static_cast<errc>(code), s.getColumn(8).getString()};
  if (!s.getColumn(9).isNull())
    r.body = core::make_payload(s.getColumn(9).getString());
  if (sum_of_request(key, r) != s.getColumn(10).getInt64())
    return nullptr;
  return std::make_shared<const core::request>(std::move(r));
}

int64_t sum_of_line(int64_t key, std::string_view line) noexcept {
  core::running_checksum sum;
  sum.update({reinterpret_cast<const char*>(&key), sizeof key});
  sum.update(line);
  return value_of(sum);
}

} // namespace penstock::io
