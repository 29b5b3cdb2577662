#pragma once

#include "core/base/error.hpp"

#include <SQLiteCpp/Exception.h>

#include <cerrno>
#include <string>
#include <string_view>

/// One guard and one translation for all failures of SQLite. For .cpp files of core/io only.
namespace penstock::io {

/// How failures of one database file are described. Each remedy begins with "; ".
struct database_words {
  std::string name;     ///< "the store /x/jobs.db".
  std::string damaged;  ///< Remedy if the file is damaged.
  std::string full;     ///< Remedy if the disk is full.
  std::string unusable; ///< Remedy if the file cannot be used for another reason.
};

/// The database cannot be read. @param what Says what is wrong with it.
error damaged_database(const database_words& words, std::string_view what);

/// An exception of SQLite in our words.
/// @param number `errno` of the system call that failed, 0 if unknown.
error sqlite_error(const database_words& words, const SQLite::Exception& e, int number);

/// Calls `f` and returns its result. Exceptions of SQLite end here and become an error.
template <class F>
auto guard_sqlite(const database_words& words, F&& f) -> decltype(f()) {
  try {
    errno = 0;
    return f();
  } catch (const SQLite::Exception& e) {
    return sqlite_error(words, e, errno);
  }
}

} // namespace penstock::io
