#include "core/io/store/file_store.hpp"

#include "core/io/file/file_descriptor.hpp"
#include "core/io/store/sqlite_statement.hpp"
#include "core/io/store/store_file.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <set>

namespace penstock::io {

namespace {

namespace fs = std::filesystem;

constexpr uint32_t files_application_id = 0x50535446; // "PSTF"
constexpr int files_format = 1;
constexpr int files_busy_ms = 5000;

const char* files_schema = R"(
  CREATE TABLE files(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL, filename TEXT NOT NULL, purpose TEXT NOT NULL, bytes INTEGER NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL);
  CREATE INDEX files_of ON files(tenant, number);
  CREATE TABLE batches(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL, open INTEGER NOT NULL, what TEXT NOT NULL);
  CREATE INDEX batches_of ON batches(tenant, number);
  CREATE INDEX open_batches ON batches(number) WHERE open;
)";

class sqlite_file_store;

class folder_writer : public file_writer {
public:
  folder_writer(std::shared_ptr<sqlite_file_store> store, int fd, std::string path)
      : store_{std::move(store)}, fd_{fd}, path_{std::move(path)} {}
  ~folder_writer() override {
    if (fd_ >= 0)
      ::close(fd_);
    if (!path_.empty())
      ::unlink(path_.c_str());
  }

  result<void> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return system_error("cannot write", path_, errno);
      bytes.remove_prefix(static_cast<size_t>(n));
      size_ += static_cast<uint64_t>(n);
    }
    return {};
  }
  uint64_t size() const noexcept override { return size_; }
  result<core::api_file> commit(core::api_file what, int64_t now) override;

private:
  std::shared_ptr<sqlite_file_store> store_;
  int fd_ = -1;
  std::string path_;
  uint64_t size_ = 0;
};

class sqlite_file_store : public file_store,
                          public std::enable_shared_from_this<sqlite_file_store> {
public:
  sqlite_file_store(std::string folder, bool is_temporary)
      : folder_{std::move(folder)}, is_temporary_{is_temporary},
        words_{"the files of the service " + folder_, "; put a backup in its place",
               "; make room and try again", "; check its owner and its rights"},
        db_{folder_ + "/index.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, files_busy_ms} {}
  ~sqlite_file_store() override {
    std::error_code ignored;
    if (is_temporary_)
      fs::remove_all(folder_, ignored);
  }

  result<void> open() {
    db_.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    {
      SQLite::Transaction tx{db_, SQLite::TransactionBehavior::IMMEDIATE};
      const auto mark = static_cast<uint32_t>(db_.execAndGet("PRAGMA application_id").getInt64());
      const auto format = db_.execAndGet("PRAGMA user_version").getInt();
      if (mark == 0 && format == 0 && !db_.tableExists("files"))
        db_.exec(files_schema + ("PRAGMA application_id=" + std::to_string(files_application_id)) +
                 "; PRAGMA user_version=" + std::to_string(files_format));
      else if (mark != files_application_id)
        return error{errc::invalid_config, words_.name + " belong to another program"};
      else if (format > files_format)
        return error{errc::incompatible, words_.name + " were made by a newer penstock"};
      tx.commit();
    }
    remove_orphans();
    return {};
  }

  result<std::unique_ptr<file_writer>> create() override {
    const auto path = folder_ + "/" + new_id("new-");
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
      return system_error("cannot make", path, errno);
    return std::unique_ptr<file_writer>{
      std::make_unique<folder_writer>(shared_from_this(), fd, path)};
  }

  /// Gives a written file its id and its row. The file is there before its row, and a file without
  /// a row is removed at the next start.
  result<core::api_file> adopt(core::api_file what, const std::string& path, int64_t now) {
    what.id = new_id("file-");
    what.created = now;
    if (::rename(path.c_str(), path_of(what.id).c_str()) != 0)
      return system_error("cannot rename", path, errno);
    if (auto fine = sync_directory_of(path); !fine)
      return fine.error();
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<core::api_file> {
      SQLite::Statement s{db_, "INSERT INTO files(id, tenant, filename, purpose, bytes, created, "
                               "expires) VALUES(?,?,?,?,?,?,?)"};
      s.bind(1, what.id);
      s.bind(2, what.tenant);
      s.bind(3, what.filename);
      s.bind(4, what.purpose);
      bind_number(s, 5, what.bytes);
      s.bind(6, what.created);
      s.bind(7, what.expires);
      s.exec();
      return what;
    });
  }

  result<std::optional<core::api_file>> find_file(const std::string& id,
                                                  const std::string& tenant) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::optional<core::api_file>> {
      SQLite::Statement s{db_, file_columns + " WHERE id=? AND tenant=?"};
      s.bind(1, id);
      s.bind(2, tenant);
      if (!s.executeStep())
        return std::optional<core::api_file>{};
      return std::optional{file_at(s)};
    });
  }

  result<std::vector<core::api_file>> list_files(const list_query& q) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::vector<core::api_file>> {
      const auto from = place_of("files", q);
      if (!from)
        return from.error();
      SQLite::Statement s{db_, file_columns + " WHERE tenant=?1 AND (?2='' OR purpose=?2) AND " +
                                 page(q.oldest_first)};
      s.bind(1, q.tenant);
      s.bind(2, q.purpose);
      s.bind(3, *from);
      s.bind(4, static_cast<int64_t>(q.limit));
      std::vector<core::api_file> out;
      while (s.executeStep())
        out.push_back(file_at(s));
      return out;
    });
  }

  result<bool> remove_file(const std::string& id, const std::string& tenant) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<bool> {
      SQLite::Statement s{db_, "DELETE FROM files WHERE id=? AND tenant=?"};
      s.bind(1, id);
      s.bind(2, tenant);
      if (s.exec() == 0)
        return false;
      ::unlink(path_of(id).c_str());
      return true;
    });
  }

  std::string path_of(const std::string& id) const override { return folder_ + "/" + id; }

  result<void> put_batch(const core::api_batch& b) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<void> {
      SQLite::Statement s{db_, "INSERT INTO batches(id, tenant, open, what) VALUES(?1,?2,?3,?4) ON "
                               "CONFLICT(id) DO UPDATE SET open=?3, what=?4"};
      s.bind(1, b.id);
      s.bind(2, b.tenant);
      s.bind(3, core::has_ended(b.state) ? 0 : 1);
      s.bind(4, core::stored_batch(b));
      s.exec();
      return {};
    });
  }

  result<std::optional<core::api_batch>> find_batch(const std::string& id,
                                                    const std::string& tenant) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::optional<core::api_batch>> {
      SQLite::Statement s{db_, "SELECT what FROM batches WHERE id=? AND tenant=?"};
      s.bind(1, id);
      s.bind(2, tenant);
      if (!s.executeStep())
        return std::optional<core::api_batch>{};
      return core::batch_from(s.getColumn(0).getString());
    });
  }

  result<std::vector<core::api_batch>> list_batches(const list_query& q) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::vector<core::api_batch>> {
      const auto from = place_of("batches", q);
      if (!from)
        return from.error();
      SQLite::Statement s{db_, "SELECT what, ?2 FROM batches WHERE tenant=?1 AND " +
                                 page(q.oldest_first)};
      s.bind(1, q.tenant);
      s.bind(3, *from);
      s.bind(4, static_cast<int64_t>(q.limit));
      return batches_of(s);
    });
  }

  result<std::vector<core::api_batch>> open_batches() override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::vector<core::api_batch>> {
      SQLite::Statement s{db_, "SELECT what FROM batches WHERE open ORDER BY number"};
      return batches_of(s);
    });
  }

  std::string new_id(std::string_view prefix) override {
    const std::lock_guard lock{random_mutex_};
    char text[32];
    std::snprintf(text, sizeof text, "%08x%08x%08x", device_(), device_(), device_());
    return std::string{prefix} + text;
  }

private:
  static std::string page(bool oldest_first) {
    return oldest_first ? "number > ?3 ORDER BY number LIMIT ?4"
                        : "number < ?3 ORDER BY number DESC LIMIT ?4";
  }

  /// The number of the row after which a page begins.
  result<int64_t> place_of(const std::string& table, const list_query& q) {
    if (q.after.empty())
      return q.oldest_first ? 0 : INT64_MAX;
    SQLite::Statement s{db_, "SELECT number FROM " + table + " WHERE id=? AND tenant=?"};
    s.bind(1, q.after);
    s.bind(2, q.tenant);
    if (!s.executeStep())
      return error{errc::not_found, "after names no " + q.after};
    return s.getColumn(0).getInt64();
  }

  static core::api_file file_at(SQLite::Statement& s) {
    core::api_file f;
    f.id = s.getColumn(0).getString();
    f.tenant = s.getColumn(1).getString();
    f.filename = s.getColumn(2).getString();
    f.purpose = s.getColumn(3).getString();
    f.bytes = number_at(s, 4);
    f.created = s.getColumn(5).getInt64();
    f.expires = s.getColumn(6).getInt64();
    return f;
  }

  static std::vector<core::api_batch> batches_of(SQLite::Statement& s) {
    std::vector<core::api_batch> out;
    while (s.executeStep())
      if (auto b = core::batch_from(s.getColumn(0).getString()))
        out.push_back(std::move(*b));
    return out;
  }

  /// Removes files without a row, which a crash left.
  void remove_orphans() {
    std::set<std::string> known;
    SQLite::Statement s{db_, "SELECT id FROM files"};
    while (s.executeStep())
      known.insert(s.getColumn(0).getString());
    std::error_code ec;
    for (auto& entry : fs::directory_iterator(folder_, ec)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with("new-") || (name.starts_with("file-") && !known.contains(name)))
        ::unlink(entry.path().c_str());
    }
  }

  const std::string file_columns =
    "SELECT id, tenant, filename, purpose, bytes, created, expires FROM files";
  std::string folder_;
  bool is_temporary_ = false;
  database_words words_;
  std::mutex mutex_, random_mutex_;
  SQLite::Database db_;
  std::random_device device_;
};

result<core::api_file> folder_writer::commit(core::api_file what, int64_t now) {
  what.bytes = size_;
  if (::fsync(fd_) != 0)
    return system_error("cannot sync", path_, errno);
  auto file = store_->adopt(std::move(what), path_, now);
  if (file)
    path_.clear();
  return file;
}

} // namespace

result<std::shared_ptr<file_store>> open_file_store(const std::string& store_path) {
  const bool in_memory = store_path == ":memory:";
  std::string folder = store_path + ".files";
  if (in_memory) {
    auto pattern = (fs::temp_directory_path() / "penstock-files-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      return system_error("cannot make", pattern, errno);
    folder = pattern;
  } else if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("cannot make", folder, errno);
  }
  if (auto made = make_private_file(folder + "/index.db", "the list of files",
                                    "name another store with --store");
      !made)
    return made.error();
  const database_words words{"the files of the service " + folder, "; put a backup in its place",
                             "; make room and try again", "; check its owner and its rights"};
  return guard_sqlite(words, [&]() -> result<std::shared_ptr<file_store>> {
    auto store = std::make_shared<sqlite_file_store>(folder, in_memory);
    if (auto fine = store->open(); !fine)
      return fine.error();
    return std::shared_ptr<file_store>{store};
  });
}

} // namespace penstock::io
