#pragma once

#include "core/base/error.hpp"

#include <functional>
#include <string>

namespace SQLite {
class Database;
}

namespace penstock::io {

/// Called before each step of an upgrade, for tests that end the process there.
using upgrade_watch = std::function<void(const std::string& step)>;

/// Brings a job store of format 1 to format 2: options and progress become JSON. First
/// `path`.format-1 gets a copy of the store, then one transaction does all. Should the process die
/// on the way, the store is as it was, and the next start begins again.
/// @pre The store is of format 1, and nobody else writes it. @throws SQLite::Exception
result<void> upgrade_job_store(SQLite::Database& db, const std::string& path,
                               const upgrade_watch& watch = {});

} // namespace penstock::io
