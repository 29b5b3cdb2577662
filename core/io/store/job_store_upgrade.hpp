#pragma once

#include "core/base/error.hpp"

#include <functional>
#include <string>

namespace SQLite {
class Database;
}

namespace penstock::io {

/// Called before each step of an upgrade. Tests end the process there.
using upgrade_watch = std::function<void(const std::string& step)>;

/// Upgrades a job store of format 1 to format 2: options and progress become JSON. It first copies
/// the store to `path`.format-1, then changes it in one transaction. If the process dies before the
/// end, the store is unchanged, and the next start begins again.
/// @pre The store has format 1, and no other process writes it. @throws SQLite::Exception
result<void> upgrade_job_store(SQLite::Database& db, const std::string& path,
                               const upgrade_watch& watch = {});

} // namespace penstock::io
