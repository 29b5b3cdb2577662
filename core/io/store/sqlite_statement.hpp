#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string_view>

/// Helpers for SQLite, for the .cpp files of this folder only.
namespace penstock::io {

/// Resets a prepared statement at the end of its use, also after an exception.
struct in_use {
  explicit in_use(SQLite::Statement& s) : statement{s} { statement.tryReset(); }
  ~in_use() { statement.tryReset(); }
  in_use(const in_use&) = delete;
  in_use& operator=(const in_use&) = delete;
  SQLite::Statement& statement;
  SQLite::Statement* operator->() const { return &statement; }
};

/// Binds bytes without a copy. They must live until the statement was executed.
inline void bind_bytes(SQLite::Statement& s, int at, std::string_view bytes) {
  s.bindNoCopy(at, static_cast<const void*>(bytes.data()), static_cast<int>(bytes.size()));
}

/// SQLite has only signed numbers.
inline void bind_number(SQLite::Statement& s, int at, uint64_t n) {
  s.bind(at, static_cast<int64_t>(n));
}

inline uint64_t number_at(SQLite::Statement& s, int column) {
  return static_cast<uint64_t>(s.getColumn(column).getInt64());
}

} // namespace penstock::io
