#pragma once

#include "core/io/file/sqlite_guard.hpp"
#include "core/io/store/job_store.hpp"
#include "core/io/store/sqlite_statement.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The file of a durable job store: its tables, how to read rows, and its error messages. For the
/// .cpp files of this folder only.
namespace penstock::io {

/// Another process writes only while it makes the file. Readers and the checkpointer never wait
/// long.
inline constexpr int job_store_busy_ms = 5000;

/// The key of a request and of its outcome. Keys are in the order of the job.
constexpr int64_t row_key(uint64_t job, uint64_t index) noexcept {
  return static_cast<int64_t>(job << 32 | index);
}

/// Thrown for a damaged row, before anything is written.
struct job_store_fault {
  error why;
};

/// How failures of a job store are described.
database_words job_store_words(const std::string& path);

/// Makes the file, or checks that it is a job store, and upgrades an older format.
/// @throws SQLite::Exception
result<void> prepare_job_store(SQLite::Database& db, const std::string& path);
/// The checksum over the columns of a job that never change.
int64_t sum_of_header(const job_row& row);
/// Whether the file belongs to another program.
bool is_foreign_job_store(const std::string& path);

/// The columns of a job: first those that never change.
std::string job_columns();
/// "UPDATE jobs SET ..." for the columns that change. The last parameter is the id.
std::string job_update();
std::string job_insert();
/// @returns the number of parameters bound.
int bind_changing(SQLite::Statement& s, int at, const job_row& row);
/// @pre `row` lives until the statement was executed.
void bind_new(SQLite::Statement& s, const job_row& row);
/// Reads `job_columns`. @returns nullopt if the row does not match its checksum.
std::optional<job_row> read_job(SQLite::Statement& s);

/// The columns of a request.
inline constexpr const char* request_columns =
  "key, line, custom_id, method, url, model, output_max, code, reason, body, sum";
/// @pre `what` lives until the statement was executed.
void bind_request(SQLite::Statement& s, int64_t key, const core::request& what);
/// @returns null if the row does not match its checksum.
request_ptr read_request(SQLite::Statement& s);

/// The checksum of an output line and its key.
int64_t sum_of_line(int64_t key, std::string_view line) noexcept;

} // namespace penstock::io
