#pragma once

#include "core/io/store/job_store.hpp"
#include "core/io/store/sqlite_statement.hpp"

#include <optional>
#include <string>
#include <string_view>

/// The file of a durable job store: its tables, how rows are read, and what its failures are
/// called. For the .cpp files of this folder only.
namespace penstock::io {

/// Another process writes only while it makes the file; readers and the checkpointer never wait
/// long.
inline constexpr int job_store_busy_ms = 5000;

/// Where a request and its outcome stand in their tables: in the order of their job.
constexpr int64_t row_key(uint64_t job, uint64_t index) noexcept {
  return static_cast<int64_t>(job << 32 | index);
}

/// Thrown where a row cannot be trusted, before anything was written.
struct job_store_fault {
  error why;
};

/// What a user may do about a store that cannot be used; to end a message with.
std::string job_store_remedy();
error damaged_job_store(const std::string& path, std::string_view what);
/// An exception of SQLite in our words. @param number `errno` of the failed system call behind `e`.
error job_store_error(const std::string& path, const SQLite::Exception& e, int number);

/// Makes the file, or makes sure that it is ours, and upgrades an older format. @throws
/// SQLite::Exception
result<void> prepare_job_store(SQLite::Database& db, const std::string& path);
/// The checksum of what never changes of a job.
int64_t sum_of_header(const job_row& row);
/// Whether the file is of another program altogether.
bool is_foreign_job_store(const std::string& path);

/// The columns of a job: those that never change, then those that do.
std::string job_columns();
/// "UPDATE jobs SET ..." of those that change; the last parameter is the id.
std::string job_update();
std::string job_insert();
/// @returns the number of parameters bound.
int bind_changing(SQLite::Statement& s, int at, const job_row& row);
/// @pre `row` and what it holds live until the statement was executed.
void bind_new(SQLite::Statement& s, const job_row& row);
/// Reads `job_columns`. @returns nothing if the row does not fit its checksum.
std::optional<job_row> read_job(SQLite::Statement& s);

/// The columns of a request.
inline constexpr const char* request_columns =
  "key, line, custom_id, method, url, model, output_max, code, reason, body, sum";
/// @pre `what` lives until the statement was executed.
void bind_request(SQLite::Statement& s, int64_t key, const core::request& what);
/// @returns null if the row does not fit its checksum.
request_ptr read_request(SQLite::Statement& s);

/// The checksum of an output line in its place.
int64_t sum_of_line(int64_t key, std::string_view line) noexcept;

} // namespace penstock::io
