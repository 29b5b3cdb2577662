#include "apps/penstock/client/outcome_output.hpp"
#include "apps/penstock/client/submit_command.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::cli;
using namespace penstock::test;

namespace {

shared_outcome outcome_of(uint64_t index) {
  auto o = std::make_shared<core::outcome>();
  o->index = index;
  o->custom_id = "id-" + std::to_string(index);
  o->state = core::outcome_state::completed;
  o->status_code = 200;
  o->body = core::make_payload("{}");
  return shared_outcome{o};
}

results_page page(uint64_t from, uint64_t count, bool as_lines = false) {
  results_page p;
  p.from = from;
  for (auto i = from; i < from + count; ++i) {
    auto o = outcome_of(i);
    if (as_lines)
      p.items.push_back({i, {}, core::make_payload(core::output_line(*o))});
    else
      p.items.push_back({i, o, {}});
  }
  return p;
}

struct output_fixture {
  temp_dir dir;
  std::string out = dir / "out.jsonl";

  result<outcome_output> open(const std::string& job = "job", uint64_t from = 0,
                              bool restart = false) const {
    return outcome_output::open(
      {.output = out, .job = job, .requests = 100, .from = from, .restart = restart});
  }
  uint64_t lines() const {
    const auto text = read_file(out);
    return static_cast<uint64_t>(std::ranges::count(text, '\n'));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(outcome_output_suite, output_fixture)

BOOST_AUTO_TEST_CASE(lines_and_outcomes_are_written_alike) {
  {
    auto o = open();
    BOOST_REQUIRE(o.has_value());
    BOOST_TEST(o->write(page(0, 3)).has_value());
    BOOST_TEST(o->write(page(3, 3, true)).has_value());
    BOOST_TEST(o->next_index() == 6u);
    BOOST_TEST(o->totals().completed == 6u);
  }
  std::string expected;
  for (uint64_t i = 0; i < 6; ++i)
    core::append_output_line(expected, *outcome_of(i));
  BOOST_TEST(read_file(out) == expected);
}

BOOST_AUTO_TEST_CASE(an_output_is_continued_behind_its_last_whole_line) {
  {
    auto o = open();
    BOOST_REQUIRE(o.has_value());
    BOOST_TEST(o->write(page(0, 5)).has_value());
  } // No commit: as after a kill.
  write_file(out, read_file(out) + "{\"id\":");
  auto o = open();
  BOOST_REQUIRE(o.has_value());
  BOOST_TEST(o->next_index() == 5u);
  BOOST_TEST(o->write(page(5, 95)).has_value());
  BOOST_TEST(o->finish(true).has_value());
  BOOST_TEST(lines() == 100u);
  o = error{};
  o = open();
  BOOST_REQUIRE(o.has_value());
  BOOST_TEST(o->is_complete());
  BOOST_TEST(o->totals().completed == 100u);
}

BOOST_AUTO_TEST_CASE(what_is_not_next_is_never_written) {
  auto o = open();
  BOOST_REQUIRE(o.has_value());
  BOOST_TEST(o->write(page(0, 2)).has_value());
  for (auto wrong : {page(3, 1), page(1, 1), page(0, 2)})
    BOOST_TEST((o->write(wrong).error().code == errc::corrupt));
  auto damaged = page(2, 2, true);
  auto line = *damaged.items[1].line;
  line[20] ^= 1;
  damaged.items[1].line = core::make_payload(line);
  BOOST_TEST(o->write(damaged).has_error());
  results_page empty_item;
  empty_item.items.push_back({2, {}, {}});
  BOOST_TEST(o->write(empty_item).has_error());
  BOOST_TEST(o->next_index() == 2u);
  BOOST_TEST(lines() == 2u);
}

BOOST_AUTO_TEST_CASE(an_output_of_another_job_is_refused_unless_it_may_go) {
  {
    auto o = open("job of tenant a with key k");
    BOOST_REQUIRE(o.has_value());
    BOOST_TEST(o->write(page(0, 2)).has_value());
    BOOST_TEST(o->finish(false).has_value());
  }
  BOOST_TEST(begun_with(out).value() == identity_of("a", "k"));
  BOOST_TEST(!begun_with(dir / "none").has_value());
  BOOST_TEST(!begun_with("-").has_value());
  const auto refused = open("job of tenant a with key l");
  BOOST_TEST((refused.error().code == errc::input_changed));
  auto o = open("job of tenant a with key l", 0, true);
  BOOST_REQUIRE(o.has_value());
  BOOST_TEST(o->next_index() == 0u);
}

BOOST_AUTO_TEST_CASE(a_file_that_begins_later_is_written_once) {
  {
    auto o = open("job", 40);
    BOOST_REQUIRE(o.has_value());
    BOOST_TEST(!o->is_resumable());
    BOOST_TEST(o->write(page(40, 2)).has_value());
    BOOST_TEST(o->finish(true).has_value());
  }
  BOOST_TEST(lines() == 2u);
  BOOST_TEST(open("job", 40).has_error());
}

BOOST_AUTO_TEST_CASE(jobs_are_told_apart_beyond_their_number) {
  job_info a, b;
  a.id = b.id = 1;
  a.created = 1;
  b.created = 2;
  BOOST_TEST(identity_of(a) != identity_of(b));
  a.idempotency_key = b.idempotency_key = "k";
  a.tenant = b.tenant = "t";
  BOOST_TEST(identity_of(a) == identity_of(b)); // The same job, described by its submitter.
  b.tenant = "u";
  BOOST_TEST(identity_of(a) != identity_of(b));
}

BOOST_AUTO_TEST_CASE(a_job_of_a_cluster_is_as_wide_as_its_slots_unless_somebody_says_so) {
  config::loaded_settings s;
  s.origins = {{"run.in_flight_max", "built-in"},
               {"run.window_requests", "built-in"},
               {"run.window_bytes", "built-in"}};
  auto o = submitted_options(s);
  BOOST_TEST(o.in_flight_max == 100'000u);
  BOOST_TEST(o.window_requests == 16'384u);
  BOOST_TEST(o.window_bytes == 64u << 20);
  s.values.run.in_flight_max = 10;
  s.values.run.tenant = "t";
  s.origins["run.in_flight_max"] = "command line --in-flight-max";
  o = submitted_options(s);
  BOOST_TEST(o.in_flight_max == 10u);
  BOOST_TEST(o.window_requests == 4096u);
  BOOST_TEST(o.tenant == "t");
}

BOOST_AUTO_TEST_SUITE_END()
