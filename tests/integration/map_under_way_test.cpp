#include "tests/support/map_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(map_under_way, slow_fixture)

// P1 for rows and stages.
BOOST_AUTO_TEST_CASE(killed_again_and_again_nothing_is_paid_twice_but_what_was_in_flight) {
  constexpr size_t in_flight = 8;
  const size_t rows = rounds(300, 100), kills = rounds(8, 3);
  write_recipe(two_stages);
  write_rows(rows);
  const words width{"--in-flight-max", std::to_string(in_flight)};
  size_t killed = 0;
  for (; killed < kills; ++killed) {
    process p{map_command(width)};
    const auto stop_at = seen() + 2 * rows / (kills + 1);
    BOOST_REQUIRE(wait_until([&] { return p.has_ended() || seen() >= stop_at; }));
    p.signal(SIGKILL);
    p.wait();
    BOOST_REQUIRE(wait_until([&] { return upstream.mock->stats().in_flight() == 0; }));
  }
  const auto end = map(width);
  BOOST_TEST_REQUIRE(end.code == 0, end.err);
  check_order(rows);
  const auto ids = upstream.stats().at("ids").as_object();
  BOOST_TEST(number(ids, "distinct") == 2 * rows);
  // What is on its way from the socket to the journal is in flight, too, while its slot is taken
  // again.
  BOOST_TEST(number(ids, "duplicates") <= killed * 2 * in_flight);
  BOOST_TEST(number(end.summary, "completed") == rows);
  BOOST_TEST(number(stage(end, 0), "completed") == rows);
}

BOOST_AUTO_TEST_CASE(an_interrupt_lets_what_is_in_flight_finish) {
  write_rows(200);
  process p{map_command({"--in-flight-max", "10"})};
  BOOST_REQUIRE(wait_until([&] { return seen() >= 40; }));
  p.signal(SIGINT);
  BOOST_TEST(p.wait() == 130);
  const auto before = seen();
  BOOST_TEST(before < 200u);
  const auto end = map();
  BOOST_TEST(end.code == 0);
  check_order(200);
  BOOST_TEST(seen() == 200u); // No answer was lost.
}

BOOST_AUTO_TEST_CASE(groups_are_served_in_turn_whatever_the_order_of_rows) {
  std::string text = "word,school\n";
  for (auto* school : {"north", "south", "west"})
    for (int i = 0; i < 40; ++i)
      text += std::string{"word-"} + school + std::to_string(i) + "," + school + "\n";
  write_file(in, text);
  process p{map_command({"--in-flight-max", "3", "--group-by", "school"})};
  boost::json::object seen_status;
  BOOST_REQUIRE(wait_until([&] {
    if (const auto s = status(); !s.empty() && number(s, "completed") >= 15)
      seen_status = s;
    return !seen_status.empty() || p.has_ended();
  }));
  BOOST_TEST(p.wait() == 0);
  BOOST_REQUIRE(!seen_status.empty());
  std::vector<uint64_t> done;
  for (auto& g : seen_status.at("groups").as_array())
    done.push_back(number(g.as_object(), "completed"));
  BOOST_REQUIRE(done.size() == 3u);
  const auto [least, most] = std::minmax_element(done.begin(), done.end());
  BOOST_TEST(*most - *least <= 8u,
             "north " << done[0] << ", south " << done[1] << ", west " << done[2]);
  const auto last = status();
  BOOST_TEST(boost::json::value_to<std::string>(last.at("state")) == "completed");
}

BOOST_AUTO_TEST_CASE(a_misspelt_name_in_the_cancel_file_is_told_from_the_start) {
  write_rows(4, {"north", "south"});
  write_file(out + ".cancel", "sotuh\n");
  const auto end = map({"--group-by", "school"});
  BOOST_TEST(end.code == 0);
  BOOST_TEST(end.err.find("no group is called 'sotuh' (did you mean south?)") != end.err.npos,
             end.err);
}

BOOST_AUTO_TEST_CASE(one_group_can_be_cancelled_while_others_go_on) {
  write_rows(rounds(300, 150), {"north", "south"});
  process p{map_command({"--in-flight-max", "4", "--group-by", "school"})};
  BOOST_REQUIRE(wait_until([&] { return seen() >= 20; }));
  write_file(out + ".cancel", "south\n");
  BOOST_TEST(p.wait() == 1);
  const auto end = end_of({1, p.out(), p.err()});
  const auto& groups = end.summary.at("groups").as_array();
  const auto &north = groups[0].as_object(), &south = groups[1].as_object();
  BOOST_TEST(number(north, "completed") == number(north, "rows"));
  BOOST_TEST(number(south, "cancelled") > 0u);
  BOOST_TEST(number(south, "completed") > 0u);
  BOOST_TEST(number(south, "completed") + number(south, "cancelled") == number(south, "rows"));
  const auto lines = lines_of(out);
  BOOST_TEST(lines.size() == rounds(300, 150) + 1);
  for (size_t i = 1; i < lines.size(); ++i)
    BOOST_TEST(lines[i].starts_with("word-" + std::to_string(i - 1) + ","));
}

BOOST_AUTO_TEST_SUITE_END()
