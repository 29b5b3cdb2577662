#include "tests/support/run_files_fixture.hpp"

using namespace penstock;
using namespace penstock::io;
using namespace penstock::test;

namespace fs = std::filesystem;

BOOST_FIXTURE_TEST_SUITE(run_file_sets, run_files_fixture)

BOOST_AUTO_TEST_CASE(a_run_from_start_to_end_leaves_output_and_mark) {
  {
    auto files = open(10);
    BOOST_TEST((files.start() == run_start::fresh));
    BOOST_TEST(files.is_resumable());
    BOOST_TEST(write_lines(files, 0, 10).has_value());
    BOOST_TEST((files.totals() == whole_totals(10)));
    BOOST_TEST(files.finish().has_value());
  }
  BOOST_TEST(read_file(dir / "out") == whole_output(10));
  BOOST_TEST(!fs::exists(dir / "out.penstock-lock"));
  auto again = open(10);
  BOOST_TEST((again.start() == run_start::complete));
  BOOST_TEST(again.next_index() == 10u);
  BOOST_TEST((again.totals() == whole_totals(10)));
  BOOST_TEST(write_lines(again, 10, 1).has_error());
}

BOOST_AUTO_TEST_CASE(an_empty_input_is_complete_at_once) {
  BOOST_TEST(open(0).finish().has_value());
  BOOST_TEST(read_file(dir / "out").empty());
  BOOST_TEST((open(0).start() == run_start::complete));
}

BOOST_AUTO_TEST_CASE(a_second_run_on_the_same_output_is_locked_out) {
  auto files = open();
  BOOST_TEST((refusal(request()) == errc::locked));
  fs::create_symlink("out", dir / "link");
  auto linked = request();
  linked.output = dir / "link";
  BOOST_TEST((refusal(linked) == errc::locked));
}

BOOST_AUTO_TEST_CASE(an_output_without_a_journal_is_left_alone) {
  write_file(dir / "out", "precious\n");
  BOOST_TEST((refusal(request()) == errc::invalid_config));
  BOOST_TEST(read_file(dir / "out") == "precious\n");
  auto r = request();
  r.restart = true;
  BOOST_TEST(run_files::open(r).has_value());
  BOOST_TEST(read_file(dir / "out").empty());
}

BOOST_AUTO_TEST_CASE(the_input_is_never_the_output) {
  auto r = request();
  r.output = dir / "in";
  r.restart = true;
  BOOST_TEST((refusal(r) == errc::invalid_config));
  BOOST_TEST(read_file(dir / "in") == "input");
  r.output = dir / ".";
  BOOST_TEST((refusal(r) == errc::invalid_config));
}

BOOST_AUTO_TEST_CASE(another_input_or_other_settings_are_refused) {
  {
    auto files = open();
    BOOST_TEST(write_lines(files, 0, 3).has_value());
  }
  auto r = request();
  r.identity.input_hash = std::string(64, 'b');
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.settings = "model=n";
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.input_hash.clear();
  BOOST_TEST((refusal(r) == errc::input_changed));
  r = request();
  r.identity.input_path = dir / "moved";
  BOOST_TEST(run_files::open(r).has_value());
}

BOOST_AUTO_TEST_CASE(an_edited_output_is_refused_before_and_after_completion) {
  auto edits = std::vector<std::pair<std::string, std::string>>{
    {"id-1", "id-2"}, {"\"n\":2", "\"n\":5"}, {line_of(1), ""}, {line_of(2), line_of(2) + "\n"}};
  for (bool finished : {false, true}) {
    for (bool committed : {true, false}) {
      for (auto& [from, to] : edits) {
        BOOST_TEST_CONTEXT(finished << committed << " " << from) {
          auto fresh = request(3);
          fresh.restart = true;
          {
            auto files = run_files::open(fresh);
            BOOST_REQUIRE(files.has_value());
            BOOST_REQUIRE(write_lines(*files, 0, 3).has_value());
            BOOST_REQUIRE((finished    ? files->finish()
                           : committed ? files->commit()
                                       : result<void>{})
                            .has_value());
          }
          auto text = read_file(dir / "out");
          text.replace(text.find(from), from.size(), to);
          write_file(dir / "out", text);
          BOOST_TEST((refusal(request(3)) == errc::corrupt));
          BOOST_TEST(read_file(dir / "out") == text);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lost_output_is_refused_if_something_was_in_it) {
  {
    auto files = open();
    BOOST_TEST(files.keep({{5, line_of(5)}}).has_value());
  }
  fs::remove(dir / "out");
  {
    auto files = open();
    BOOST_TEST((files.waiting() == std::vector<uint64_t>{5}));
    BOOST_TEST(write_lines(files, 0, 2).has_value());
    BOOST_TEST(files.commit().has_value());
  }
  fs::remove(dir / "out");
  BOOST_TEST((refusal(request()) == errc::corrupt));
}

BOOST_AUTO_TEST_CASE(more_lines_than_requests_are_refused) {
  {
    auto files = open(10);
    BOOST_REQUIRE(write_lines(files, 0, 5).has_value());
    BOOST_REQUIRE(files.keep({{8, line_of(8)}}).has_value());
  }
  BOOST_TEST((refusal(request(4)) == errc::corrupt));
  BOOST_TEST((refusal(request(8)) == errc::corrupt));
  BOOST_TEST(run_files::open(request(9)).has_value());
}

BOOST_AUTO_TEST_CASE(lines_out_of_order_are_never_written) {
  auto files = open();
  BOOST_TEST(write_lines(files, 1, 1).has_error());
  BOOST_TEST(read_file(dir / "out").empty());
  BOOST_TEST(files.finish().has_error());
}

BOOST_AUTO_TEST_CASE(rows_stay_in_the_journal_until_their_line_is_safe) {
  auto files = open();
  BOOST_TEST(files.keep({{1, line_of(1)}, {2, line_of(2)}}).has_value());
  BOOST_TEST(write_lines(files, 0, 3).has_value());
  BOOST_TEST(files.kept_from(0, 9)->size() == 2u);
  BOOST_TEST(files.commit().has_value());
  BOOST_TEST(files.kept_from(0, 9)->empty());
}

BOOST_AUTO_TEST_CASE(a_pipe_remembers_how_it_began) {
  auto r = request();
  r.identity = {"-", "", "model=m"};
  r.input_requests.reset();
  const input_mark mark{7, 99};
  {
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_value());
    BOOST_TEST((files->expected_start() == input_mark{}));
    BOOST_TEST(files->keep({{3, line_of(3)}}, &mark).has_value());
  }
  auto files = run_files::open(r);
  BOOST_REQUIRE(files.has_value());
  BOOST_TEST((files->expected_start() == mark));
}

BOOST_AUTO_TEST_CASE(streams_have_neither_journal_nor_lock) {
  for (std::string output : {"/dev/null", "-"}) {
    auto r = request();
    r.output = output;
    auto files = run_files::open(r);
    BOOST_REQUIRE(files.has_value());
    BOOST_TEST(!files->is_resumable());
    BOOST_TEST(files->keep({{3, line_of(3)}}).has_value());
    BOOST_TEST(files->kept_from(0, 9)->empty());
    if (output == "/dev/null") {
      BOOST_TEST(write_lines(*files, 0, 40).has_value());
      BOOST_TEST(files->commit().has_value());
      BOOST_TEST(files->finish().has_value());
    }
  }
  BOOST_TEST(!fs::exists("/dev/null.penstock-journal"));
}

BOOST_AUTO_TEST_SUITE_END()
