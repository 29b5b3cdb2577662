#pragma once

#include "core/io/store/job_store_file.hpp"

#include <memory>
#include <string>
#include <vector>

/// For the .cpp files of this folder only.
namespace penstock::io {

/// Opens a reader of the store in `path` with its own connection. @pre The store is open.
result<std::shared_ptr<job_reader>> open_sqlite_job_reader(const std::string& path);

/// The counters of all tenants. @throws SQLite::Exception
std::vector<tenant_row> read_tenants(SQLite::Database& db);

} // namespace penstock::io
