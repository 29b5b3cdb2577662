#include "core/io/store/sqlite_job_reader.hpp"

#include <optional>

namespace penstock::io {

namespace {

class sqlite_job_reader : public job_reader {
public:
  explicit sqlite_job_reader(const std::string& path)
      : words_{job_store_words(path)}, db_{path, SQLite::OPEN_READWRITE, job_store_busy_ms} {
    db_.exec("PRAGMA query_only=ON");
    marks_.emplace(db_, "SELECT phase, state, requests, ordered FROM jobs WHERE id=? AND phase<3");
    // Of a request with an outcome read only the key: its body is not needed any more.
    requests_.emplace(
      db_, std::string{"SELECT "} + request_columns +
             ", EXISTS(SELECT 1 FROM outcomes o "
             "WHERE o.key=requests.key) FROM requests WHERE key>=? AND key<? ORDER BY key LIMIT ?");
    outcomes_.emplace(
      db_, "SELECT key, sum, line FROM outcomes WHERE key>=? AND key<? ORDER BY key LIMIT ?");
    row_.emplace(db_, "SELECT " + job_columns() + " FROM jobs WHERE id=? AND phase<3");
  }

  result<std::vector<request_ptr>> requests(uint64_t job, uint64_t first, uint32_t count_max,
                                            uint64_t bytes_max) override {
    return guard_sqlite(words_, [&]() -> result<std::vector<request_ptr>> {
      auto m = find_marks(job);
      if (!m)
        return m.error();
      std::vector<request_ptr> found;
      in_use row{*requests_};
      bind_range(row, job, first, m->requests, count_max);
      uint64_t bytes = 0;
      while (bytes < bytes_max && row->executeStep()) {
        if (row->getColumn(0).getInt64() != row_key(job, first + found.size()))
          return damaged_database(words_,
                                  "a request of job " + std::to_string(job) + " is missing");
        if (row->getColumn(11).getInt() != 0) {
          found.push_back(nullptr);
          continue;
        }
        auto request = read_request(row.statement);
        if (!request)
          return damaged_database(words_, "request " + std::to_string(first + found.size()) +
                                            " of job " + std::to_string(job));
        bytes += request->body ? request->body->size() : 0;
        found.push_back(std::move(request));
      }
      return found;
    });
  }

  result<std::vector<job_outcome>> outcomes(uint64_t job, uint64_t first, uint32_t count_max,
                                            uint64_t bytes_max) override {
    return guard_sqlite(words_, [&]() -> result<std::vector<job_outcome>> {
      auto m = find_marks(job);
      if (!m)
        return m.error();
      std::vector<job_outcome> found;
      in_use row{*outcomes_};
      bind_range(row, job, first, m->ordered, count_max);
      uint64_t bytes = 0;
      while (bytes < bytes_max && row->executeStep()) {
        const auto index = first + found.size();
        const auto key = row->getColumn(0).getInt64();
        if (key != row_key(job, index))
          break; // A retry has removed the outcome.
        auto line = row->getColumn(2).getString();
        if (sum_of_line(key, line) != row->getColumn(1).getInt64())
          return damaged_database(words_, "outcome " + std::to_string(index) + " of job " +
                                            std::to_string(job));
        bytes += line.size();
        found.push_back({index, nullptr, core::make_payload(std::move(line))});
      }
      return found;
    });
  }

  result<job_marks> marks(uint64_t job) override {
    return guard_sqlite(words_, [&] { return find_marks(job); });
  }

  result<job_row> row(uint64_t job) override {
    return guard_sqlite(words_, [&]() -> result<job_row> {
      in_use found{*row_};
      bind_number(found.statement, 1, job);
      return found->executeStep() ? take(found.statement) : unknown_job(job);
    });
  }

  result<std::vector<job_row>> rows(const job_selection& which) override {
    return guard_sqlite(words_, [&]() -> result<std::vector<job_row>> {
      SQLite::Statement s{db_, "SELECT " + job_columns() + " FROM jobs WHERE " +
                                 (which.active_only ? "phase IN (0, 1)" : "+phase<3") +
                                 " AND id<?1" + (which.tenant.empty() ? "" : " AND tenant=?3") +
                                 " ORDER BY id DESC LIMIT ?2"};
      s.bind(1, which.before == 0 ? INT64_MAX : static_cast<int64_t>(which.before));
      s.bind(2, which.count_max);
      if (!which.tenant.empty())
        bind_bytes(s, 3, which.tenant);
      std::vector<job_row> found;
      while (s.executeStep()) {
        auto one = take(s);
        if (!one)
          return one.error();
        found.push_back(std::move(*one));
      }
      return found;
    });
  }

  result<std::vector<tenant_row>> tenants() override {
    return guard_sqlite(words_,
                        [&]() -> result<std::vector<tenant_row>> { return read_tenants(db_); });
  }

private:
  result<job_marks> find_marks(uint64_t job) {
    in_use row{*marks_};
    bind_number(row.statement, 1, job);
    if (!row->executeStep())
      return unknown_job(job);
    return job_marks{static_cast<job_phase>(row->getColumn(0).getInt()),
                     static_cast<uint8_t>(row->getColumn(1).getInt()), number_at(row.statement, 2),
                     number_at(row.statement, 3)};
  }

  result<job_row> take(SQLite::Statement& s) {
    auto row = read_job(s);
    return row ? result<job_row>{std::move(*row)}
               : damaged_database(words_, "job " + std::to_string(number_at(s, 0)));
  }

  /// @param end Only indexes below.
  void bind_range(in_use& row, uint64_t job, uint64_t first, uint64_t end, uint32_t count_max) {
    row->bind(1, row_key(job, std::min(first, end)));
    row->bind(2, row_key(job, end));
    row->bind(3, count_max);
  }

  database_words words_;
  SQLite::Database db_;
  std::optional<SQLite::Statement> marks_, requests_, outcomes_, row_;
};

} // namespace

std::vector<tenant_row> read_tenants(SQLite::Database& db) {
  std::vector<tenant_row> found;
  SQLite::Statement s{
    db, "SELECT tenant, class, jobs, pending, completed, failed, cancelled, expired FROM tenants"};
  while (s.executeStep())
    found.push_back({s.getColumn(0).getString(),
                     static_cast<core::priority>(s.getColumn(1).getInt()), number_at(s, 2),
                     number_at(s, 3), number_at(s, 4), number_at(s, 5), number_at(s, 6),
                     number_at(s, 7)});
  return found;
}

result<std::shared_ptr<job_reader>> open_sqlite_job_reader(const std::string& path) {
  return guard_sqlite(job_store_words(path), [&]() -> result<std::shared_ptr<job_reader>> {
    return std::make_shared<sqlite_job_reader>(path);
  });
}

} // namespace penstock::io
