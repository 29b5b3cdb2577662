#pragma once

#include "core/io/file/sqlite_guard.hpp"

#include <string>

namespace penstock::io {

/// How failures of a journal are described.
database_words journal_words(const std::string& path);
/// The error of a journal of a later version.
error newer_journal(const std::string& path, int version, int known);

} // namespace penstock::io
