#include "core/map/map_record.hpp"

#include "core/map/map_totals.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(map_record_suite)

BOOST_AUTO_TEST_CASE(an_answer_comes_back_from_the_journal_as_it_was) {
  outcome o;
  o.custom_id = "a \"b\"";
  o.state = outcome_state::completed;
  o.status_code = 200;
  o.request_id = "req-1";
  o.body = make_payload(R"({"choices":[{"message":{"content":"h\u00e9 \n"}}]})");
  o.attempts = 3;
  o.rate_limited = 1;
  o.upstream = std::chrono::milliseconds{1500};
  o.used = {100, 10, 20, 5, true};
  o.lane = "default";
  o.cost = 0.25;
  const auto line = encode_answer(o, 77);
  auto back = decode_answer(line);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(back->index == 77u);
  BOOST_TEST(back->custom_id == o.custom_id);
  BOOST_TEST((back->state == o.state));
  BOOST_TEST(back->attempts == 3u);
  BOOST_TEST(back->rate_limited == 1u);
  BOOST_TEST((back->upstream == o.upstream));
  BOOST_TEST(back->used.input_tokens == 100u);
  BOOST_TEST(back->cost.value_or(0) == 0.25);
  BOOST_TEST(back->lane == "default");
  // The same JSON; the escapes of characters may differ.
  BOOST_TEST(boost::json::parse(*back->body) == boost::json::parse(*o.body));
  BOOST_TEST(!back->failure);

  o.state = outcome_state::failed;
  o.failure = error{errc::bad_request, "no such model"};
  o.cost.reset();
  back = decode_answer(encode_answer(o, 1));
  BOOST_REQUIRE(back.has_value());
  BOOST_REQUIRE(back->failure.has_value());
  BOOST_TEST((back->failure->code == errc::bad_request));
  BOOST_TEST(back->failure->context == "no such model");
  BOOST_TEST(!back->cost);
}

BOOST_AUTO_TEST_CASE(a_damaged_answer_is_never_taken) {
  outcome o;
  o.state = outcome_state::completed;
  o.status_code = 200;
  o.body = make_payload(R"({"choices":[{"message":{"content":"yes"}}]})");
  const auto line = encode_answer(o, 3);
  BOOST_REQUIRE(decode_answer(line).has_value());
  for (size_t at = 0; at + 1 < line.size(); ++at) {
    auto bad = line;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    BOOST_TEST(!decode_answer(bad).has_value(), "byte " << at);
    BOOST_TEST(!decode_answer(line.substr(0, at)).has_value(), "cut at " << at);
  }
}

BOOST_AUTO_TEST_CASE(sums_come_back_from_their_text) {
  std::mt19937_64 random{5};
  auto totals = make_map_totals(3, 2);
  for (auto& g : totals) {
    g.add_row(outcome_state::completed);
    g.add_row(outcome_state::failed);
    for (auto& s : g.stages) {
      s.corrections = random();
      s.requests.cost_nanodollars = random();
      s.requests.completed = random();
      s.requests.upstream_ms = random();
    }
  }
  const auto text = encode_totals(totals);
  auto back = decode_totals(text, 3, 2);
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((*back == totals));
  BOOST_TEST(!decode_totals(text, 2, 2));
  BOOST_TEST(!decode_totals(text, 3, 3));
  BOOST_TEST(!decode_totals("begun", 0, 1));
  BOOST_TEST(!decode_totals(text.substr(0, text.size() / 2), 3, 2));
}

BOOST_AUTO_TEST_CASE(the_sum_of_all_counts_every_group_and_stage) {
  auto totals = make_map_totals(2, 2);
  output_record r;
  r.state = outcome_state::completed;
  r.attempts = 2;
  r.used = {10, 1, 5, 2, true};
  for (auto& g : totals)
    for (auto& s : g.stages)
      s.requests.add(r);
  const auto sum = sum_of(totals);
  BOOST_TEST(sum.completed == 4u);
  BOOST_TEST(sum.attempts == 8u);
  BOOST_TEST(sum.input_tokens == 40u);
  BOOST_TEST(sum.reasoning_tokens == 8u);
}

BOOST_AUTO_TEST_SUITE_END()
