#include "core/io/file/file_lock.hpp"
#include "core/io/file/output_file.hpp"
#include "tests/support/size_limit.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

BOOST_AUTO_TEST_SUITE(output_files)

BOOST_AUTO_TEST_CASE(lines_are_appended_and_counted) {
  temp_dir dir;
  auto out = output_file::create(dir / "out");
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST(out->append("one\ntwo\n").has_value());
  BOOST_TEST(out->append("three\n").has_value());
  BOOST_TEST(out->sync().has_value());
  BOOST_TEST(read_file(dir / "out") == "one\ntwo\nthree\n");
  BOOST_TEST(out->bytes() == 14u);
  BOOST_TEST(out->lines() == 3u);
  BOOST_TEST(out->checksum() == core::checksum("one\ntwo\nthree\n"));
}

BOOST_AUTO_TEST_CASE(a_file_with_content_is_never_taken_over) {
  temp_dir dir;
  write_file(dir / "out", "x");
  BOOST_TEST(output_file::create(dir / "out").has_error());
  BOOST_TEST(read_file(dir / "out") == "x");
  write_file(dir / "empty", "");
  BOOST_TEST(output_file::create(dir / "empty").has_value());
}

BOOST_AUTO_TEST_CASE(resuming_cuts_and_goes_on) {
  temp_dir dir;
  write_file(dir / "out", "one\ntorn");
  core::running_checksum sum;
  sum.update("one\n");
  auto out = output_file::resume(dir / "out", 4, sum);
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST(out->append("two\n").has_value());
  BOOST_TEST(read_file(dir / "out") == "one\ntwo\n");
  BOOST_TEST(out->checksum() == core::checksum("one\ntwo\n"));
  BOOST_TEST(out->bytes() == 8u);
}

BOOST_AUTO_TEST_CASE(a_full_device_is_a_full_disk) {
  auto out = output_file::create("/dev/full");
  BOOST_REQUIRE(out.has_value());
  BOOST_TEST(!out->is_regular());
  const auto appended = out->append("one\n");
  BOOST_REQUIRE(appended.has_error());
  BOOST_TEST((appended.error().code == errc::disk_full));
  BOOST_TEST(appended.error().context.find("/dev/full") != std::string::npos);
  BOOST_TEST(appended.error().context.find("free some space") != std::string::npos);
  BOOST_TEST(out->sync().has_error());
}

BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_leaves_whole_lines) {
  for (size_t room = 0; room <= 13; ++room) {
    temp_dir dir;
    auto out = output_file::create(dir / "out");
    BOOST_REQUIRE(out.has_value());
    {
      size_limit limit{room};
      const auto appended = out->append("one\ntwo\nthree\n");
      BOOST_REQUIRE(appended.has_error());
      BOOST_TEST((appended.error().code == errc::disk_full));
    }
    const std::string expected = room < 4 ? "" : room < 8 ? "one\n" : "one\ntwo\n";
    BOOST_TEST(read_file(dir / "out") == expected);
    BOOST_TEST(out->bytes() == expected.size());
    BOOST_TEST(out->lines() == expected.size() / 4);
    BOOST_TEST(out->checksum() == core::checksum(expected));
    // The first error stays, even if there is room again.
    BOOST_TEST(out->append("four\n").has_error());
    BOOST_TEST(read_file(dir / "out") == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_pipe_takes_large_writes_and_knows_no_sync) {
  temp_dir dir;
  const auto path = dir / "pipe";
  ::mkfifo(path.c_str(), 0600);
  const auto child = ::fork();
  if (child == 0) { // Reads everything; its exit code says whether it was complete.
    const int fd = ::open(path.c_str(), O_RDONLY);
    char buffer[4096];
    size_t total = 0;
    for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
      total += static_cast<size_t>(n);
    ::_exit(total == 1'000'001 ? 0 : 1);
  }
  {
    auto out = output_file::create(path);
    BOOST_REQUIRE(out.has_value());
    BOOST_TEST(!out->is_regular());
    BOOST_TEST(out->append(std::string(1'000'000, 'x') + "\n").has_value());
    BOOST_TEST(out->sync().has_value());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(a_pipe_without_a_reader_is_an_error) {
  std::signal(SIGPIPE, SIG_IGN);
  temp_dir dir;
  const auto path = dir / "pipe";
  ::mkfifo(path.c_str(), 0600);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  auto out = output_file::create(path);
  BOOST_REQUIRE(out.has_value());
  ::close(reader);
  const auto appended = out->append("one\n");
  BOOST_REQUIRE(appended.has_error());
  BOOST_TEST((appended.error().code == errc::io_error));
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_named) {
  temp_dir dir;
  const auto out = output_file::create(dir / "no/out");
  BOOST_REQUIRE(out.has_error());
  BOOST_TEST(out.error().context.find("no/out") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(file_locks)

BOOST_AUTO_TEST_CASE(a_second_holder_is_told_who_holds) {
  temp_dir dir;
  auto first = file_lock::acquire(dir / "lock");
  BOOST_REQUIRE(first.has_value());
  auto second = file_lock::acquire(dir / "lock");
  BOOST_REQUIRE(second.has_error());
  BOOST_TEST((second.error().code == errc::locked));
  BOOST_TEST(second.error().context.find("process " + std::to_string(::getpid())) !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_ended_holder_leaves_nothing_behind) {
  temp_dir dir;
  { BOOST_TEST(file_lock::acquire(dir / "lock").has_value()); }
  BOOST_TEST(!std::filesystem::exists(dir / "lock"));
  BOOST_TEST(file_lock::acquire(dir / "lock").has_value());
}

BOOST_AUTO_TEST_CASE(a_killed_holder_locks_nobody_out) {
  temp_dir dir;
  int ready[2];
  BOOST_REQUIRE(::pipe(ready) == 0);
  const auto path = dir / "lock";
  const auto child = ::fork();
  if (child == 0) {
    auto held = file_lock::acquire(path);
    const char told = held ? 'y' : 'n';
    if (::write(ready[1], &told, 1) == 1)
      ::pause();
    ::_exit(1);
  }
  char told = 0;
  BOOST_TEST(::read(ready[0], &told, 1) == 1);
  BOOST_TEST(told == 'y');
  const auto refused = file_lock::acquire(path);
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(refused.error().context.find("process " + std::to_string(child)) != std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST(file_lock::acquire(path).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

BOOST_AUTO_TEST_SUITE_END()
