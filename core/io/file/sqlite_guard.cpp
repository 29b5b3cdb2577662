#include "core/io/file/sqlite_guard.hpp"

#include "core/io/file/file_descriptor.hpp"

#include <sqlite3.h>

namespace penstock::io {

error damaged_database(const database_words& words, std::string_view what) {
  return {errc::corrupt, words.name + " is damaged (" + std::string{what} + ")" + words.damaged};
}

error sqlite_error(const database_words& words, const SQLite::Exception& e, int number) {
  switch (e.getErrorCode()) {
  case SQLITE_IOERR:
    // SQLite has a code for a full disk, but reports quotas and size limits as I/O errors, and
    // sqlite3_system_errno stays 0 for them (3.40).
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
      return system_error("cannot write", words.name, number);
    break;
  case SQLITE_FULL:
    return {errc::disk_full, "cannot write " + words.name + ": " + e.what() + words.full};
  case SQLITE_ERROR: // Our statements never change: if one fails, the schema is damaged.
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CONSTRAINT: // Cannot happen: the file contains rows that we never wrote.
  case SQLITE_MISMATCH: return damaged_database(words, e.what());
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return {errc::locked, words.name + " is in use by another program: " + e.what()};
  default: break;
  }
  return {errc::io_error, words.name + " cannot be used: " + e.what() + words.unusable};
}

} // namespace penstock::io
