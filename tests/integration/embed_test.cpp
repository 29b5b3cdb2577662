#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <regex>

using namespace penstock;

namespace {

/// An installed library, and the example project that uses it, built once for all cases.
class embedded {
public:
  embedded() {
    install();
    std::vector<std::string> configure{PENSTOCK_CMAKE,
                                       "-S",
                                       PENSTOCK_EMBED,
                                       "-B",
                                       dir_ / "build",
                                       "-G",
                                       PENSTOCK_GENERATOR,
                                       "-DCMAKE_PREFIX_PATH=" + prefix(),
                                       "-DCMAKE_BUILD_TYPE=Debug",
                                       std::string{"-DCMAKE_CXX_COMPILER="} + PENSTOCK_COMPILER,
                                       std::string{"-DCMAKE_CXX_COMPILER_LAUNCHER="} +
                                         PENSTOCK_LAUNCHER};
    if (std::string flags = PENSTOCK_SANITIZERS; !flags.empty())
      configure.push_back("-DCMAKE_CXX_FLAGS=-fsanitize=" + flags);
    must(configure);
    must({PENSTOCK_CMAKE, "--build", dir_ / "build"});
  }

  std::string prefix() const { return dir_ / "prefix"; }
  std::string program(const char* name) const { return dir_ / "build" + ("/" + std::string{name}); }
  std::string file(const char* name) const { return dir_ / name; }
  std::string install() const {
    return must({PENSTOCK_CMAKE, "--install", PENSTOCK_BUILD, "--prefix", prefix(), "--component",
                 "library"});
  }

private:
  static std::string must(std::vector<std::string> args) {
    test::command c;
    c.args = std::move(args);
    // The paths of usual builds; and a compiler needs temporary files.
    for (auto* name : {"PATH", "HOME", "TMPDIR", "CCACHE_DIR"})
      if (auto* value = std::getenv(name))
        c.env.push_back(std::string{name} + "=" + value);
    auto end = test::run_to_end(std::move(c), std::chrono::minutes{8});
    BOOST_REQUIRE_MESSAGE(end.code == 0, end.out << end.err);
    return end.out;
  }

  test::temp_dir dir_;
};

const embedded& project() {
  static const embedded p;
  return p;
}

test::finished run(std::vector<std::string> args) {
  test::command c;
  c.args = std::move(args);
  return test::run_to_end(std::move(c));
}

void check_owner(const test::finished& end) {
  BOOST_TEST(end.code == 0, end.out << end.err);
  for (auto* line : {"request-0 completed {", "\nrequest-1 completed {", "\nrequest-2 completed {",
                     "\nrequest-3 completed {", "\n4 completed, 0 failed, 16 tokens out\n"})
    BOOST_TEST(end.out.find(line) != std::string::npos, end.out);
}

} // namespace

BOOST_AUTO_TEST_SUITE(embed_suite)

BOOST_AUTO_TEST_CASE(a_program_that_owns_an_engine) {
  check_owner(run({project().program("owns_an_engine")}));
}

BOOST_AUTO_TEST_CASE(a_program_whose_actors_talk_to_the_engine) {
  const auto end = run({project().program("joins_a_system")});
  BOOST_TEST(end.code == 0, end.out << end.err);
  BOOST_TEST(end.out == "1000 completed, 0 not\n");
}

BOOST_AUTO_TEST_CASE(the_same_programs_work_through_a_head) {
  test::command serve;
  serve.args = {PENSTOCK_PROGRAM, "serve",       "--upstream", "null",
                "--listen",       "127.0.0.1:0", "--store",    project().file("jobs.db")};
  test::process head{std::move(serve)};
  std::smatch found;
  std::string said;
  BOOST_REQUIRE(test::wait_until([&] {
    said = head.out();
    return std::regex_search(said, found, std::regex{"listening on ([0-9.]+:[0-9]+)\n"}) ||
           head.has_ended();
  }));
  BOOST_REQUIRE_MESSAGE(!found.empty(), head.err());
  const std::string address = found[1];
  check_owner(run({project().program("owns_an_engine"), address}));
  const auto end = run({project().program("joins_a_system"), address});
  BOOST_TEST(end.code == 0, end.out << end.err);
  BOOST_TEST(end.out == "1000 completed, 0 not\n");
  head.signal(SIGTERM);
  BOOST_TEST(head.wait() == 0);
  // Without a head there is a clear error, and no endless wait.
  const auto lonely = run({project().program("owns_an_engine"), address});
  BOOST_TEST(lonely.code == 1);
  BOOST_TEST(lonely.err.find(address) != std::string::npos, lonely.err);
}

BOOST_AUTO_TEST_CASE(what_is_installed_names_nothing_of_this_tree) {
  size_t headers = 0;
  for (auto& entry : std::filesystem::recursive_directory_iterator{project().prefix()}) {
    const auto path = entry.path().string();
    if (!path.ends_with(".hpp") && !path.ends_with(".cmake"))
      continue;
    const auto text = test::read_file(path);
    headers += path.ends_with(".hpp");
    BOOST_TEST(text.find(PENSTOCK_BUILD) == std::string::npos, path);
    BOOST_TEST(text.find(std::string{PENSTOCK_SOURCE} + "/") == std::string::npos, path);
    BOOST_TEST(!std::regex_search(text, std::regex{"#include \"(?!penstock/)"}), path);
    BOOST_TEST(text.find("-W") == std::string::npos, path); // Our warning flags are not exported.
  }
  BOOST_TEST(headers > 20u);
  // A second install changes no header, so that users need not build again.
  BOOST_TEST(project().install().find(".hpp") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
