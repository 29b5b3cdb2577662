#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace SQLite {
class Exception;
}

namespace penstock::io {

/// The error of a journal with wrong content.
error damaged_journal(const std::string& path, std::string_view what);
/// An exception of SQLiteCpp as an error of ours.
/// @param number `errno` of the system call that failed, 0 if unknown.
error journal_error(const std::string& path, const SQLite::Exception& e, int number);
/// The error of a journal of a later version.
error newer_journal(const std::string& path, int version, int known);

} // namespace penstock::io
