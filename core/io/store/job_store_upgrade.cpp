#include "core/io/store/job_store_upgrade.hpp"

#include "core/io/file/file_descriptor.hpp"
#include "core/io/store/job_store_file.hpp"
#include "core/io/store/store_file.hpp"
#include "core/io/store/store_format_1.hpp"
#include "core/io/store/stored_json.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace penstock::io {

namespace {

/// Makes a complete copy under its final name, or none.
result<void> copy_store(SQLite::Database& db, const std::string& path, const upgrade_watch& watch) {
  const auto copy = path + ".format-1", unfinished = copy + ".unfinished";
  std::error_code ec;
  std::filesystem::remove(unfinished, ec);
  if (ec)
    return system_error("cannot remove", unfinished, ec.value());
  if (auto made = make_private_file(unfinished, "the copy of the store",
                                    "make room beside the store and start again");
      !made)
    return made;
  {
    SQLite::Statement vacuum{
      db, "VACUUM INTO ?"}; // Accepts an existing empty file, and keeps its mode.
    vacuum.bind(1, unfinished);
    vacuum.exec();
  }
  const file_descriptor written{::open(unfinished.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!written.valid() || ::fsync(written.get()) != 0)
    return system_error("cannot write", unfinished, errno);
  watch("name the copy");
  if (std::rename(unfinished.c_str(), copy.c_str()) != 0)
    return system_error("cannot name the copy", copy, errno);
  return sync_directory_of(copy);
}

/// A description that cannot be read stays as it is: only that job is reported as damaged.
void convert(job_row& row) {
  if (auto options = options_of_format_1(row.head.options))
    row.head.options = stored_json(*options);
  if (auto progress = progress_of_format_1(row.progress))
    row.progress = stored_json(*progress);
}

} // namespace

result<void> upgrade_job_store(SQLite::Database& db, const std::string& path,
                               const upgrade_watch& watch) {
  const upgrade_watch at = watch ? watch : [](const std::string&) {};
  at("copy");
  if (auto copied = copy_store(db, path, at); !copied)
    return copied;
  at("begin");
  SQLite::Transaction tx{db, SQLite::TransactionBehavior::IMMEDIATE};
  // One job at a time, because a store may have very many.
  SQLite::Statement rows{db,
                         "SELECT " + job_columns() + " FROM jobs WHERE id>? ORDER BY id LIMIT 1"};
  SQLite::Statement update{db, "UPDATE jobs SET options=?, progress=?, sum=? WHERE id=?"};
  for (uint64_t last = 0;;) {
    rows.reset();
    bind_number(rows, 1, last);
    if (!rows.executeStep())
      break;
    last = number_at(rows, 0);
    auto row = read_job(rows);
    if (!row) // Damaged before the upgrade; reported when the job is read.
      continue;
    at("convert job " + std::to_string(last));
    convert(*row);
    update.reset();
    bind_bytes(update, 1, row->head.options);
    bind_bytes(update, 2, row->progress);
    update.bind(3, sum_of_header(*row));
    bind_number(update, 4, last);
    update.exec();
  }
  rows.reset();
  at("note the format");
  db.exec("PRAGMA user_version=2");
  at("commit");
  tx.commit();
  at("end");
  return {};
}

} // namespace penstock::io
