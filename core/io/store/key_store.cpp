#include "core/io/store/key_store.hpp"

#include "core/io/file/content_hash.hpp"
#include "core/io/store/sqlite_statement.hpp"
#include "core/io/store/store_file.hpp"

#include <sqlite3.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <random>

namespace penstock::io {

namespace {

constexpr uint32_t keys_application_id = 0x5053544b; // "PSTK"
constexpr int keys_format = 1;
constexpr int busy_ms = 5000;
constexpr auto look_again_after = std::chrono::seconds{1};
constexpr int64_t day_seconds = 86'400;

const char* keys_schema = R"(
  CREATE TABLE keys(id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    tenant TEXT NOT NULL, scopes TEXT NOT NULL, models TEXT NOT NULL, created INTEGER NOT NULL,
    expires INTEGER NOT NULL, used_day INTEGER NOT NULL) WITHOUT ROWID;
)";

std::string hash_of(std::string_view text) {
  content_hash sum;
  sum.update(text);
  return sum.hex();
}

template <class T, class Text>
std::string joined(const std::vector<T>& all, Text text) {
  std::string out;
  for (auto& one : all)
    (out += out.empty() ? "" : ",") += text(one);
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(','));
    out.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return out;
}

/// From the operating system's generator of random numbers.
std::array<uint8_t, 32> random_bytes() {
  std::random_device device;
  std::array<uint8_t, 32> out{};
  for (auto& byte : out)
    byte = static_cast<uint8_t>(device());
  return out;
}

class sqlite_key_store : public key_store {
public:
  sqlite_key_store(const std::string& path, database_words words)
      : words_{std::move(words)}, db_{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms} {
  }

  result<void> open() {
    SQLite::Transaction tx{db_, SQLite::TransactionBehavior::IMMEDIATE};
    const auto mark = static_cast<uint32_t>(db_.execAndGet("PRAGMA application_id").getInt64());
    const auto format = db_.execAndGet("PRAGMA user_version").getInt();
    if (mark == 0 && format == 0 && !db_.tableExists("keys"))
      db_.exec(keys_schema + ("PRAGMA application_id=" + std::to_string(keys_application_id)) +
               "; PRAGMA user_version=" + std::to_string(keys_format));
    else if (mark != keys_application_id)
      return error{errc::invalid_config, words_.name + " is a file of another program"};
    else if (format > keys_format)
      return error{errc::incompatible, words_.name + " was made by a newer penstock"};
    tx.commit();
    return {};
  }

  result<new_key> create(core::api_key k, int64_t now) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<new_key> {
      const auto random = random_bytes();
      auto text = core::make_key_text(random);
      const auto hash = hash_of(text);
      k.id = "key_" + hash_of(hash).substr(0, 16);
      k.created = now;
      k.used_day = 0;
      SQLite::Statement s{db_, "INSERT INTO keys VALUES(?,?,?,?,?,?,?,?,0)"};
      s.bind(1, k.id);
      s.bind(2, hash);
      s.bind(3, k.name);
      s.bind(4, k.tenant);
      s.bind(5, joined(k.scopes, [](auto scope) { return core::to_string(scope); }));
      s.bind(6, joined(k.models, [](auto& model) { return model; }));
      s.bind(7, k.created);
      s.bind(8, k.expires);
      s.exec();
      known_.clear();
      return new_key{std::move(k), std::move(text)};
    });
  }

  result<bool> revoke(const std::string& id) override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<bool> {
      known_.clear();
      SQLite::Statement s{db_, "DELETE FROM keys WHERE id=?"};
      s.bind(1, id);
      return s.exec() > 0;
    });
  }

  result<std::vector<core::api_key>> list() override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::vector<core::api_key>> {
      std::vector<core::api_key> all;
      SQLite::Statement s{db_, select + " ORDER BY created, id"};
      while (s.executeStep())
        all.push_back(read(s));
      return all;
    });
  }

  result<std::optional<core::api_key>> find(std::string_view text, int64_t now) override {
    if (!core::is_key_text(text))
      return std::optional<core::api_key>{};
    const auto hash = hash_of(text);
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<std::optional<core::api_key>> {
      const auto at = std::chrono::steady_clock::now();
      if (at - looked_ >= look_again_after) {
        known_.clear(); // Another process may have changed them.
        looked_ = at;
      }
      auto known = known_.find(hash);
      if (known == known_.end()) {
        SQLite::Statement s{db_, select + " WHERE hash=?"};
        s.bind(1, hash);
        if (!s.executeStep())
          return std::optional<core::api_key>{};
        known = known_.emplace(hash, read(s)).first;
      }
      auto& k = known->second;
      if (k.expires != 0 && k.expires <= now)
        return std::optional<core::api_key>{};
      if (k.used_day != now / day_seconds) {
        k.used_day = now / day_seconds;
        SQLite::Statement s{db_, "UPDATE keys SET used_day=? WHERE hash=?"};
        s.bind(1, k.used_day);
        s.bind(2, hash);
        s.exec();
      }
      return std::optional{k};
    });
  }

  result<bool> has_any() override {
    const std::lock_guard lock{mutex_};
    return guard_sqlite(words_, [&]() -> result<bool> {
      return db_.execAndGet("SELECT EXISTS(SELECT 1 FROM keys)").getInt() != 0;
    });
  }

private:
  static core::api_key read(SQLite::Statement& s) {
    core::api_key k;
    k.id = s.getColumn(0).getString();
    k.name = s.getColumn(1).getString();
    k.tenant = s.getColumn(2).getString();
    for (auto& name : split(s.getColumn(3).getString()))
      if (const auto scope = core::api_scope_from(name))
        k.scopes.push_back(*scope);
    k.models = split(s.getColumn(4).getString());
    k.created = s.getColumn(5).getInt64();
    k.expires = s.getColumn(6).getInt64();
    k.used_day = s.getColumn(7).getInt64();
    return k;
  }

  const std::string select =
    "SELECT id, name, tenant, scopes, models, created, expires, used_day FROM keys";
  database_words words_;
  std::mutex mutex_;
  SQLite::Database db_;
  std::map<std::string, core::api_key> known_; ///< By hash; younger than a second.
  std::chrono::steady_clock::time_point looked_{};
};

} // namespace

result<std::shared_ptr<key_store>> open_key_store(const std::string& store_path) {
  const bool in_memory = store_path == ":memory:";
  const auto path = in_memory ? store_path : store_path + ".keys";
  if (!in_memory)
    if (auto made = make_private_file(path, "the keys", "name another store with --store"); !made)
      return made.error();
  const database_words words{"the file of keys " + path, "; put a backup in its place",
                             "; make room and try again", "; check its owner and its rights"};
  return guard_sqlite(words, [&]() -> result<std::shared_ptr<key_store>> {
    auto store = std::make_shared<sqlite_key_store>(path, words);
    if (auto fine = store->open(); !fine)
      return fine.error();
    return store;
  });
}

} // namespace penstock::io
