#include "tests/support/program_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

struct fixture : program_fixture {
  fixture() { write_input(500); }
  uint64_t seen() const { return upstream.mock->stats().requests(); }

  /// Continues the run to its end.
  void resume() const {
    const auto end = run();
    BOOST_TEST_CONTEXT(end.err) BOOST_TEST(end.code == 0);
    const auto results = check(end);
    BOOST_TEST(count_state(results, core::outcome_state::completed) == results.size());
  }
  /// Kills a run that has written some of its output.
  void leave_half() const {
    process p{run_command({"--in-flight-max", "4"})};
    BOOST_REQUIRE(wait_until([this] { return seen() >= 200; }));
    p.signal(SIGKILL);
    p.wait();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(disk, fixture)

// P4
BOOST_AUTO_TEST_CASE(a_full_disk_stops_the_run_and_room_completes_it) {
  write_input(3000);
  auto c = run_command({"--in-flight-max", "16", "--window", "64"});
  c.before = "ulimit -f 100"; // 50 KB for each file; its signal must be ignored.
  const auto end = end_of(run_to_end(c));
  BOOST_TEST(end.code == 3);
  BOOST_TEST_CONTEXT(end.err) {
    BOOST_TEST(end.err.find(out) != std::string::npos);
    BOOST_TEST(end.err.find("remedy: make room") != std::string::npos);
    BOOST_TEST(end.err.find("same command again") != std::string::npos);
  }
  BOOST_TEST(seen() < 3000u);
  resume();
}

BOOST_AUTO_TEST_CASE(a_full_device_as_output_is_named) {
  const auto end = run_to_end(bare_command(
    {"run", in, "-o", "/dev/full", "--quiet", "--base-url", upstream.mock->base_url()}));
  BOOST_TEST(end.code == 3);
  BOOST_TEST(end.err.find("/dev/full") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(standard_output_on_a_full_device_is_an_error) {
  auto c = bare_command({"run", in, "-o", "-", "--quiet", "--base-url", upstream.mock->base_url()});
  c.output_file = "/dev/full";
  const auto end = run_to_end(c);
  BOOST_TEST(end.code == 3);
  BOOST_TEST(!end.err.empty());
}

BOOST_AUTO_TEST_CASE(a_directory_that_does_not_exist_is_named_before_the_first_send) {
  const auto end = run_to_end(bare_command({"run", in, "-o", dir / "no/such/out.jsonl", "--quiet",
                                            "--base-url", upstream.mock->base_url()}));
  BOOST_TEST((end.code == 2 || end.code == 3));
  BOOST_TEST(end.err.find("no/such/out.jsonl") != std::string::npos);
  BOOST_TEST(seen() == 0u);
}

BOOST_AUTO_TEST_CASE(a_directory_that_may_not_be_written_is_named,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                       return boost::test_tools::assertion_result{::geteuid() != 0};
                     })) {
  const auto closed = dir / "closed";
  std::filesystem::create_directory(closed);
  ::chmod(closed.c_str(), 0500);
  const auto end = run_to_end(bare_command(
    {"run", in, "-o", closed + "/out.jsonl", "--quiet", "--base-url", upstream.mock->base_url()}));
  BOOST_TEST((end.code == 2 || end.code == 3));
  BOOST_TEST(end.err.find(closed) != std::string::npos);
  BOOST_TEST(seen() == 0u);
}

// P6
BOOST_AUTO_TEST_CASE(a_torn_last_line_is_cut_and_the_run_goes_on) {
  leave_half();
  std::ofstream{out, std::ios::app} << R"({"id":"batch_req_00)";
  resume();
}

BOOST_AUTO_TEST_CASE(an_output_that_was_edited_is_refused) {
  leave_half();
  auto bytes = read_file(out);
  BOOST_REQUIRE(bytes.find("echo") != bytes.npos);
  bytes.replace(bytes.find("echo"), 4, "ECHO");
  write_file(out, bytes);
  const auto end = run();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find(out) != std::string::npos);
  BOOST_TEST(end.err.find("--restart") != std::string::npos);
  BOOST_TEST(read_file(out) == bytes);
}

BOOST_AUTO_TEST_CASE(a_damaged_journal_is_refused) {
  leave_half();
  const auto journal = out + ".penstock-journal";
  std::filesystem::remove(journal + "-wal");
  auto bytes = read_file(journal);
  BOOST_REQUIRE(!bytes.empty());
  for (size_t i = 100; i < bytes.size(); i += 7)
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
  write_file(journal, bytes);
  const auto end = run();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(end.err.find(journal) != std::string::npos);
  const auto anew = run({"--restart"});
  BOOST_TEST(anew.code == 0);
  check(anew);
}

BOOST_AUTO_TEST_CASE(a_journal_that_vanished_leaves_the_output_alone) {
  leave_half();
  const auto before = read_file(out);
  for (const auto* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(out + ".penstock-journal" + suffix);
  const auto end = run();
  BOOST_TEST(end.code == 2);
  BOOST_TEST(read_file(out) == before);
}

BOOST_AUTO_TEST_CASE(an_output_that_vanished_is_not_taken_for_complete) {
  leave_half();
  std::filesystem::remove(out);
  const auto end = run();
  if (end.code == 0) {
    check(end);
  } else {
    BOOST_TEST(end.code == 2);
    BOOST_TEST(end.err.find("--restart") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
