#include "core/io/file/file_lock.hpp"
#include "core/io/file/journal.hpp"
#include "core/io/file/output_paths.hpp"
#include "tests/support/run_files_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

BOOST_AUTO_TEST_SUITE(file_links)

BOOST_AUTO_TEST_CASE(a_lock_is_for_its_owner_and_no_link) {
  temp_dir dir;
  {
    const auto lock = file_lock::acquire(dir / "lock");
    BOOST_REQUIRE(lock.has_value());
    struct stat info {};
    BOOST_REQUIRE(::stat((dir / "lock").c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777) == 0600u);
  }
  write_file(dir / "victim", "precious");
  std::filesystem::create_symlink(dir / "victim", dir / "lock");
  const auto refused = file_lock::acquire(dir / "lock");
  BOOST_REQUIRE(refused.has_error());
  BOOST_TEST(refused.error().context.find("remove the link") != std::string::npos);
  BOOST_TEST(read_file(dir / "victim") == "precious");
}

BOOST_AUTO_TEST_CASE(a_journal_is_never_a_link) {
  temp_dir dir;
  write_file(dir / "victim", "");
  std::filesystem::create_symlink(dir / "victim", dir / "journal");
  BOOST_TEST(create_journal(dir / "journal", {}).has_error());
  BOOST_TEST(open_journal(dir / "journal").has_error());
  BOOST_TEST(read_file(dir / "victim") == "");
  std::filesystem::remove(dir / "journal");
  // The target would be made.
  std::filesystem::create_symlink(dir / "new", dir / "journal");
  BOOST_TEST(create_journal(dir / "journal", {}).has_error());
  BOOST_TEST(!std::filesystem::exists(dir / "new"));
}

BOOST_AUTO_TEST_CASE(an_output_that_the_user_named_may_be_a_link) {
  temp_dir dir;
  std::filesystem::create_symlink("real.jsonl", dir / "out.jsonl");
  run_request request;
  request.output = dir / "out.jsonl";
  request.identity.input_path = dir / "in.jsonl";
  request.input_requests = 0;
  {
    auto files = run_files::open(request);
    BOOST_REQUIRE(files.has_value());
    BOOST_TEST(std::filesystem::exists(dir / "real.jsonl"));
    // The lock and the journal stand beside the file that the link names.
    BOOST_TEST(std::filesystem::exists(lock_path(dir / "real.jsonl")));
  }
}

BOOST_AUTO_TEST_SUITE_END()
