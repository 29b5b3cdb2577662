#include "core/io/store/job_store.hpp"

#include "tests/support/job_rows.hpp"
#include "tests/support/size_limit.hpp"
#include "tests/support/temp_dir.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace fs = std::filesystem;

namespace {

constexpr unix_ms now = 1'800'000'000'000;

job_header head(std::string key = "") {
  return {"t", core::priority::normal, "n", std::move(key), "o"};
}

/// A store with one job of `requests`; every other request has its outcome.
void make_store(const std::string& path, uint64_t requests) {
  auto store = must(open_job_store(path));
  const auto job = must(store->submit(head("k"), requests_in(0, requests, 900), true, now)).job;
  for (uint64_t i = 0; i < requests; i += 2)
    must(store->write(job, std::vector{result_at(i)}));
  must(store->commit());
}

bool mentions(const error& e, std::string_view text) {
  return e.context.find(text) != std::string::npos;
}

/// The report of the child of the crash test: the data that is safe.
struct news {
  uint64_t submitted = 0; ///< The number of the job whose submission was committed last.
  uint64_t outcomes = 0;  ///< Outcomes of job 1 that were committed.
};

/// Submits and writes without end, and reports the safe data after each commit.
[[noreturn]] void work_until_killed(const std::string& path, int pipe, uint64_t first_job,
                                    uint64_t outcomes) {
  auto store = open_job_store(path);
  if (!store)
    ::_exit(3);
  for (auto n = first_job;; ++n) {
    auto receipt =
      (*store)->submit(head("key-" + std::to_string(n)), requests_in(0, 5, 500), true, now);
    auto written = (*store)->write(1, std::vector{result_at(outcomes)});
    if (!receipt || !written || !(*store)->commit())
      ::_exit(4);
    ++outcomes;
    const news said{n, outcomes};
    if (::write(pipe, &said, sizeof said) != sizeof said)
      ::_exit(0);
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(job_store_faults)

// P2: after a kill at any moment, all data reported as safe is there, and nothing is incomplete.
BOOST_AUTO_TEST_CASE(a_kill_loses_nothing_that_was_acknowledged) {
  temp_dir dir;
  const auto path = dir / "jobs.db";
  {
    auto store = must(open_job_store(path));
    BOOST_REQUIRE(must(store->submit(head("first"), requests_in(0, 20'000, 1), true, now)).job ==
                  1u);
    must(store->commit());
  }
  std::mt19937 random{4711};
  uint64_t submitted = 0, outcomes = 0;
  for (int round = 0; round < 12; ++round) {
    BOOST_TEST_CONTEXT("round " << round) {
      int ends[2];
      BOOST_REQUIRE(::pipe(ends) == 0);
      const auto child = ::fork();
      BOOST_REQUIRE(child >= 0);
      if (child == 0)
        work_until_killed(path, ends[1], submitted + 1, outcomes);
      ::close(ends[1]);
      // Reads reports until they are enough, then kills. Reports up to the kill count, too.
      news last{submitted, outcomes};
      news said;
      const auto enough = random() % 150 + 1;
      for (uint32_t heard = 0; ::read(ends[0], &said, sizeof said) == sizeof said; last = said)
        if (++heard == enough)
          ::kill(child, SIGKILL);
      ::close(ends[0]);
      int status = 0;
      ::waitpid(child, &status, 0);
      BOOST_REQUIRE(WIFSIGNALED(status));
      auto store = must(open_job_store(path));
      auto reader = must(store->open_reader());
      const auto first = must(reader->row(1));
      BOOST_TEST(first.ordered >= last.outcomes);
      BOOST_TEST(first.ordered <= last.outcomes + 1);
      BOOST_TEST(first.totals.completed == first.ordered);
      BOOST_TEST(must(reader->outcomes(1, 0, 100'000, 1u << 30)).size() == first.ordered);
      // Each submission is there once: submitted again, it is the same complete job.
      for (auto n = submitted + 1; n <= last.submitted + 1; ++n) {
        const auto again =
          must(store->submit(head("key-" + std::to_string(n)), requests_in(0, 5, 500), true, now));
        BOOST_TEST((again.existed || n == last.submitted + 1));
        BOOST_TEST(again.accepted == 5u);
        BOOST_TEST(again.complete);
      }
      must(store->commit());
      const auto tenant = must(reader->tenants());
      submitted = last.submitted + 1;
      BOOST_REQUIRE(tenant.size() == 1u);
      BOOST_TEST(tenant[0].jobs == submitted + 1);
      BOOST_TEST(tenant[0].pending == 20'000 + 5 * submitted - first.ordered);
      BOOST_TEST(must(store->unfinished()).size() == submitted + 1);
      outcomes = first.ordered;
    }
  }
}

BOOST_AUTO_TEST_CASE(what_was_not_committed_is_not_there) {
  temp_dir dir;
  {
    auto store = must(open_job_store(dir / "jobs.db"));
    must(store->submit(head("k"), requests_in(0, 3), true, now));
    auto reader = must(store->open_reader());
    BOOST_TEST(must(reader->rows({})).empty());
    must(store->commit());
    BOOST_TEST(must(reader->rows({})).size() == 1u);
    must(store->submit(head("l"), requests_in(0, 3), true, now));
  }
  auto store = must(open_job_store(dir / "jobs.db"));
  BOOST_TEST(must(must(store->open_reader())->rows({})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_head_is_turned_away) {
  temp_dir dir;
  const auto path = dir / "deep/down/jobs.db";
  auto store = must(open_job_store(path));
  const auto second = open_job_store(path);
  BOOST_TEST((refused(second) == errc::locked));
  BOOST_TEST(mentions(second.error(), "process " + std::to_string(::getpid())),
             second.error().context);
  BOOST_TEST(mentions(second.error(), "--store"), second.error().context);
  store.reset();
  must(open_job_store(path));
}

BOOST_AUTO_TEST_CASE(the_file_is_for_its_owner_only) {
  temp_dir dir;
  const auto path = dir / "jobs.db";
  auto store = must(open_job_store(path));
  must(store->submit(head(), requests_in(0, 3), true, now));
  must(store->commit());
  for (auto suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    BOOST_REQUIRE(::stat((path + suffix).c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777) == 0600u, suffix);
  }
}

BOOST_AUTO_TEST_CASE(another_version_is_refused_with_its_remedy) {
  temp_dir dir;
  const auto path = dir / "jobs.db";
  make_store(path, 2);
  { SQLite::Database{path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version=99"); }
  const auto opened = open_job_store(path);
  BOOST_TEST((refused(opened) == errc::incompatible));
  BOOST_TEST(mentions(opened.error(), "newer penstock (format 99"), opened.error().context);
  BOOST_TEST(!mentions(opened.error(), "damaged"), opened.error().context);
  BOOST_TEST(mentions(opened.error(), "--store"), opened.error().context);
}

BOOST_AUTO_TEST_CASE(a_file_of_somebody_else_is_left_alone) {
  temp_dir dir;
  const auto text = dir / "thesis.txt", other = dir / "other.db";
  write_file(text, std::string(5000, 't'));
  {
    SQLite::Database{other, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec("CREATE TABLE t(x)");
  }
  for (auto& path : {text, other}) {
    const auto before = read_file(path);
    const auto opened = open_job_store(path);
    BOOST_TEST((refused(opened) == errc::invalid_config), opened.error().context);
    BOOST_TEST(mentions(opened.error(), "--store"), opened.error().context);
    BOOST_TEST((read_file(path) == before));
  }
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_written_is_named) {
  temp_dir dir;
  write_file(dir / "file", "x");
  const auto opened = open_job_store(dir / "file/jobs.db");
  BOOST_REQUIRE(opened.has_error());
  BOOST_TEST(mentions(opened.error(), dir / "file"), opened.error().context);
  BOOST_TEST(mentions(opened.error(), "--store"), opened.error().context);
}

// P5: no data is reported as safe that is not, and from then on the store fails with the same
// error.
BOOST_AUTO_TEST_CASE(a_full_disk_is_told_at_once_and_for_good) {
  for (rlim_t room : {300'000, 1'000'000, 3'000'000}) {
    temp_dir dir;
    const auto path = dir / "jobs.db";
    uint64_t safe_jobs = 0, tried = 0;
    {
      auto store = must(open_job_store(path));
      auto reader = must(store->open_reader());
      std::optional<error> why;
      {
        size_limit full{room};
        while (!why) {
          ++tried;
          auto made =
            store->submit(head("k" + std::to_string(tried)), requests_in(0, 20, 900), true, now);
          auto done = made ? store->commit() : result<void>{made.error()};
          if (done)
            ++safe_jobs;
          else
            why = done.error();
        }
      }
      BOOST_TEST((why->code == errc::disk_full), why->context);
      BOOST_TEST(mentions(*why, path), why->context);
      // There is room again, but the state of the last write is unknown.
      BOOST_TEST((refused(store->commit()) == errc::disk_full));
      BOOST_TEST((refused(store->submit(head(), {}, true, now)) == errc::disk_full));
      BOOST_TEST((refused(store->take_up(1)) == errc::disk_full));
      BOOST_TEST((refused(store->write(1, std::vector{result_at(0)})) == errc::disk_full));
      BOOST_TEST((refused(store->sweep(now, now, 10)) == errc::disk_full));
      BOOST_TEST(must(reader->rows({})).size() == std::min<size_t>(safe_jobs, 100));
    }
    BOOST_TEST(safe_jobs > 0u);
    auto store = must(open_job_store(path));
    auto reader = must(store->open_reader());
    for (uint64_t job = 1; job <= safe_jobs; ++job)
      BOOST_TEST(must(reader->requests(job, 0, 100, 1 << 20)).size() == 20u);
    must(store->submit(head("new"), requests_in(0, 20, 900), true, now));
    must(store->commit());
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_an_error_and_no_wrong_request) {
  temp_dir dir;
  const auto path = dir / "jobs.db";
  make_store(path, 4);
  auto bytes = read_file(path);
  const auto flip = [&](std::string_view what, size_t at) {
    const auto found = bytes.find(what);
    BOOST_REQUIRE(found != std::string::npos);
    bytes[found + at] ^= 1;
  };
  flip(R"({"n":1,"pad":")", 20);
  flip(R"({"id":"batch_req_0000000000000002")", 60);
  write_file(path, bytes);
  auto store = must(open_job_store(path));
  auto reader = must(store->open_reader());
  const auto job = must(reader->rows({}))[0].id;
  BOOST_TEST((refused(reader->requests(job, 0, 10, 1 << 20)) == errc::corrupt));
  BOOST_TEST(must(reader->requests(job, 2, 10, 1 << 20)).size() == 2u);
  must(store->write(job, std::vector{result_at(1)}));
  must(store->commit());
  BOOST_TEST(must(reader->outcomes(job, 0, 2, 1 << 20)).size() == 2u);
  const auto bad = reader->outcomes(job, 0, 10, 1 << 20);
  BOOST_TEST((refused(bad) == errc::corrupt));
  BOOST_TEST(mentions(bad.error(), path), bad.error().context);
}

BOOST_AUTO_TEST_CASE(damage_is_an_error_and_no_crash) {
  temp_dir dir;
  make_store(dir / "whole.db", 40);
  const auto whole = read_file(dir / "whole.db");
  for (uint32_t seed = 1; seed <= 80; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      auto bytes = whole;
      for (int i = 0; i < 20; ++i)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      if (random() % 4 == 0)
        bytes.resize(random() % bytes.size());
      const auto path = dir / ("bad" + std::to_string(seed));
      write_file(path, bytes);
      auto store = open_job_store(path);
      if (!store)
        continue;
      auto reader = (*store)->open_reader();
      if (!reader)
        continue;
      if (auto requests = (*reader)->requests(1, 0, 100, 1 << 20))
        for (auto& r : *requests)
          BOOST_TEST((!r || *r->body == *request_at(r->index, 900)->body));
      if (auto outcomes = (*reader)->outcomes(1, 0, 100, 1 << 20))
        for (auto& o : *outcomes)
          BOOST_TEST(line_of(o) == line_of(result_at(o.index)));
      (void)(*reader)->rows({});
      (void)(*reader)->tenants();
      (void)(*store)->take_up(1);
      (void)(*store)->write(1, std::vector{result_at(1)});
      (void)(*store)->finish(1, true, 3, "", now);
      (void)(*store)->retry(1, now);
      (void)(*store)->submit(head("k"), requests_in(0, 50), true, now);
      (void)(*store)->sweep(now + 1, now + 1, 1000);
      (void)(*store)->commit();
    }
}

BOOST_AUTO_TEST_CASE(the_log_does_not_grow_with_what_is_written) {
  temp_dir dir;
  const auto path = dir / "jobs.db";
  auto store = must(open_job_store(path));
  const auto part = requests_in(0, 500, 2000);
  uintmax_t longest = 0;
  for (int i = 0; i < 200; ++i) { // 200 MB
    must(store->submit(head(), part, true, now));
    must(store->commit());
    longest = std::max(longest, fs::file_size(path + "-wal"));
  }
  BOOST_TEST(longest < 300u << 20);
  BOOST_TEST(fs::file_size(path) > 100u << 20);
}

BOOST_AUTO_TEST_SUITE_END()
