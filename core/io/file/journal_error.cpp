#include "core/io/file/journal_error.hpp"

#include "core/io/file/file_descriptor.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cerrno>

namespace penstock::io {

error damaged_journal(const std::string& path, std::string_view what) {
  return {errc::corrupt, path + " is damaged (" + std::string{what} +
                           "); pass --restart to begin anew, which throws away the output"};
}

error journal_error(const std::string& path, const SQLite::Exception& e, int number) {
  // SQLite has a code for a full disk, but reports quotas and size limits as I/O errors, and
  // sqlite3_system_errno stays 0 for them (3.40).
  if (e.getErrorCode() == SQLITE_IOERR && (number == ENOSPC || number == EDQUOT || number == EFBIG))
    return system_error("cannot write", path, number);
  switch (e.getErrorCode()) {
  case SQLITE_FULL:
    return {errc::disk_full, "cannot write " + path + ": " + e.what() +
                               "; free some space and start the same command again"};
  case SQLITE_ERROR: // Our statements never change: if one fails, the schema is damaged.
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_MISMATCH: return damaged_journal(path, e.what());
  case SQLITE_BUSY:
  case SQLITE_LOCKED: return {errc::locked, path + " is in use by another program: " + e.what()};
  default: return {errc::io_error, "journal " + path + ": " + e.what()};
  }
}

error newer_journal(const std::string& path, int version, int known) {
  return {errc::incompatible, path + " was made by a newer penstock (format " +
                                std::to_string(version) + ", this one knows " +
                                std::to_string(known) +
                                "); go on with that program, or choose another -o"};
}

} // namespace penstock::io
