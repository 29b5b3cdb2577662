#include "core/io/store/job_store_upgrade.hpp"
#include "core/io/store/stored_json.hpp"
#include "tests/support/job_store_fixture.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

// The fixture is the store of a head of format 1 that was killed: job 1 completed, job 2 was
// cancelled, and job 3 has 16 outcomes or more of 40.
namespace {

struct upgrade_fixture {
  temp_dir dir;
  std::string path = dir / "jobs.db";

  upgrade_fixture() { restore(); }

  void restore() {
    for (auto& left :
         std::filesystem::directory_iterator{std::filesystem::path{path}.parent_path()})
      std::filesystem::remove(left);
    std::filesystem::copy_file(
      PENSTOCK_SOURCE_DIR "/tests/core/io/store/fixtures/format-1/head/jobs.db", path);
  }

  static int format_of(const std::string& file) {
    return SQLite::Database{file}.execAndGet("PRAGMA user_version").getInt();
  }

  /// Everything that a reader returns, in one text.
  static std::string all_of(job_store& store) {
    auto reader = must(store.open_reader());
    std::string all;
    for (auto& row : must(reader->rows({}))) {
      all += std::to_string(row.id) + row.head.tenant + row.head.name + row.head.idempotency_key +
             row.head.options + row.progress + std::to_string(row.totals.attempts) + "\n";
      for (auto& o : must(reader->outcomes(row.id, 0, 1000, 1 << 20)))
        all += *o.line;
      for (auto& r : must(reader->requests(row.id, 0, 1000, 1 << 20)))
        all += r ? r->custom_id + *r->body : "-";
    }
    return all;
  }

  /// Ends a child process without cleanup before this step of the upgrade.
  /// @returns whether there was such a step.
  bool die_at(int step) const {
    const auto child = ::fork();
    if (child == 0) {
      int at = 0;
      try {
        SQLite::Database db{path, SQLite::OPEN_READWRITE};
        (void)upgrade_job_store(db, path, [&](const std::string&) {
          if (at++ == step)
            ::_exit(9);
        });
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    BOOST_REQUIRE(WEXITSTATUS(status) != 1);
    return WEXITSTATUS(status) == 9;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_store_upgrade, upgrade_fixture)

BOOST_AUTO_TEST_CASE(a_store_of_format_1_opens_with_all_that_it_knew) {
  auto store = must(open_job_store(path));
  auto reader = must(store->open_reader());
  const auto completed = must(reader->row(1)), cancelled = must(reader->row(2));
  const auto o = must(stored_options(completed.head.options));
  BOOST_TEST(o.tenant == "first");
  BOOST_TEST((o.priority == core::priority::normal && o.mode == core::mode::automatic));
  BOOST_TEST(o.in_flight_max == 100'000u);
  BOOST_TEST((o.grace_period == std::chrono::seconds{30}));
  BOOST_TEST((o.first_patience == std::chrono::seconds{90}));
  BOOST_TEST(o.client_id == "pk-c26a74543d26d2cd");
  BOOST_TEST((o.pack && o.pack_entries_max == 10u && o.pack_tokens_max == 16'000u));
  const auto p = must(stored_progress(cancelled.progress));
  BOOST_TEST((p.state == core::job_state::cancelled));
  BOOST_TEST(p.completed == 16u);
  BOOST_TEST(p.cancelled == 24u);
  BOOST_TEST(p.attempts == 20u);
  BOOST_TEST(p.in_flight_peak == 4u);
  BOOST_TEST(p.mode_used == "parallel");
  BOOST_TEST((p.cause.code == errc::cancelled));
  BOOST_TEST(p.cause.context == "the job was cancelled");
  BOOST_TEST(format_of(path) == 2);
  BOOST_TEST(format_of(path + ".format-1") == 1);
  struct stat info {};
  BOOST_REQUIRE(::stat((path + ".format-1").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(its_unfinished_job_goes_on) {
  {
    auto store = must(open_job_store(path));
    BOOST_TEST((must(store->unfinished()) == std::vector<uint64_t>{3}));
    const auto row = must(store->take_up(3));
    BOOST_TEST(row.lives == 2u);
    BOOST_TEST(must(stored_options(row.head.options)).tenant == "third");
    std::vector<job_outcome> rest;
    for (auto index = row.ordered; index < 40; ++index)
      rest.push_back(result_at(index));
    BOOST_TEST(must(store->write(3, rest)) == 40u);
    must(store->finish(3, true, 3, stored_json(core::job_progress{}), now));
    must(store->commit());
  }
  auto store = must(open_job_store(path));
  BOOST_TEST(must(store->unfinished()).empty());
  BOOST_TEST(must(must(store->open_reader())->outcomes(3, 0, 1000, 1 << 20)).size() == 40u);
}

BOOST_AUTO_TEST_CASE(killed_at_any_step_the_next_start_ends_the_upgrade) {
  const auto wanted = all_of(*must(open_job_store(path)));
  int steps = 0;
  for (bool died = true; died; ++steps) {
    BOOST_TEST_CONTEXT("step " << steps) {
      restore();
      died = die_at(steps);
      auto store = must(open_job_store(path));
      BOOST_TEST((all_of(*store) == wanted));
      BOOST_TEST(format_of(path + ".format-1") == 1);
      BOOST_TEST(!std::filesystem::exists(path + ".format-1.unfinished"));
    }
  }
  BOOST_TEST(steps > 8);
}

BOOST_AUTO_TEST_CASE(a_job_that_cannot_be_read_does_not_keep_the_others) {
  {
    SQLite::Database db{path, SQLite::OPEN_READWRITE};
    db.exec("UPDATE jobs SET options=x'00000001' WHERE id=2");
  }
  auto store = must(open_job_store(path));
  auto reader = must(store->open_reader());
  BOOST_TEST((refused(reader->row(2)) == errc::corrupt));
  BOOST_TEST(must(reader->row(1)).head.tenant == "first");
  BOOST_TEST(must(store->take_up(3)).head.tenant == "third");
}

BOOST_AUTO_TEST_SUITE_END()
