#include "core/pack/packs_in_flight.hpp"
#include "tests/support/pack_script.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

request flight_chat(uint64_t index) {
  request r;
  r.index = index;
  r.custom_id = "id-" + std::to_string(index);
  r.url = "/v1/chat/completions";
  r.model = "m";
  r.body = make_payload(R"({"model":"m","messages":[{"role":"user","content":"text )" +
                        std::to_string(index) + R"("}]})");
  return r;
}

struct flight_fixture {
  packs_in_flight packs;
  std::vector<test::said_answer> right; ///< Answers to the last pack.

  /// Sends the requests from `first` on as one pack.
  void send(uint64_t first, size_t count, pack_style style, uint32_t attempts_before = 0) {
    std::vector<request> all;
    for (size_t i = 0; i < count; ++i)
      all.push_back(flight_chat(first + i));
    std::vector<const request*> members;
    for (auto& r : all)
      members.push_back(&r);
    auto made = compose_pack(members, style, 7);
    BOOST_REQUIRE(made.has_value());
    right = test::right_answers(*read_pack_prompt(test::user_text(*made->what.body)),
                                [](const std::string& s) { return s; });
    packs.add(std::move(*made), attempts_before);
  }
  static outcome answered(const std::vector<test::said_answer>& list) {
    outcome o;
    o.state = outcome_state::completed;
    o.attempts = 1;
    o.upstream = std::chrono::nanoseconds{10};
    o.used = {1000, 0, 500, 0, true};
    o.cost = 0.5;
    o.body = make_payload(test::chat_body(test::to_json(list), "stop"));
    return o;
  }
  static outcome failed(errc code) {
    outcome o;
    o.attempts = 1;
    o.failure = error{code, "no"};
    return o;
  }
};

using how = packs_in_flight::end;

} // namespace

BOOST_FIXTURE_TEST_SUITE(packs_in_flight_suite, flight_fixture)

BOOST_AUTO_TEST_CASE(a_right_answer_is_dealt_to_all_requests) {
  send(5, 4, pack_style::schema, 2);
  BOOST_TEST(packs.has(5));
  BOOST_TEST(packs.others() == 3u);
  auto said = answered(right);
  said.attempts = 4; // Two of them in earlier hand-outs.
  said.rate_limited = 1;
  const auto deal = packs.take(5, how::finished, &said, 10);
  BOOST_TEST(!packs.has(5));
  BOOST_TEST(packs.others() == 0u);
  BOOST_TEST(deal.answered);
  BOOST_TEST(!deal.divide);
  BOOST_TEST(deal.attempts == 2u);
  outcome last;
  last.attempts = 3;
  uint64_t output = 0, times = 0;
  for (size_t i = 0; i < deal.size(); ++i) {
    const auto part = deal.outcome_of(i, said, i == 0 ? &last : nullptr, "c");
    BOOST_TEST(part.index == 5 + i);
    BOOST_TEST(part.pack_size == 4u);
    BOOST_TEST(part.attempts == (i == 0 ? 5u : 2u));
    BOOST_TEST(*part.cost == 0.125);
    output += part.used.output_tokens;
    times += static_cast<uint64_t>(part.upstream.count());
  }
  BOOST_TEST(output == 500u);
  BOOST_TEST(times == 10u);
}

BOOST_AUTO_TEST_CASE(requests_without_an_answer_go_into_packs_of_half_the_size) {
  send(0, 4, pack_style::schema);
  right.pop_back();
  const auto said = answered(right);
  const auto deal = packs.take(0, how::finished, &said, 10);
  BOOST_TEST(deal.divide);
  BOOST_TEST(deal.split);
  BOOST_TEST(!deal.mostly_wrong);
  BOOST_TEST(deal.smaller == 2u);
  BOOST_TEST(deal.answer(0) != nullptr);
  BOOST_TEST(deal.answer(3) == nullptr);
  const auto part = deal.outcome_of(3, said, nullptr, "c");
  BOOST_TEST((part.state == outcome_state::failed));
  BOOST_TEST((part.failure->code == errc::pack_mismatch));
  BOOST_TEST(!part.body);
}

BOOST_AUTO_TEST_CASE(a_provider_that_knows_no_schema_gets_the_same_pack_without) {
  send(0, 4, pack_style::schema);
  const auto said = failed(errc::bad_request);
  const auto deal = packs.take(0, how::finished, &said, 10);
  BOOST_TEST(deal.divide);
  BOOST_TEST(!deal.split);
  BOOST_TEST(deal.smaller == 10u);
  BOOST_TEST((packs.style() == pack_style::plain));
}

BOOST_AUTO_TEST_CASE(after_a_schema_has_worked_a_bad_request_divides) {
  send(0, 2, pack_style::schema);
  const auto good = answered(right);
  packs.take(0, how::finished, &good, 10);
  send(4, 4, pack_style::schema);
  const auto said = failed(errc::bad_request);
  const auto deal = packs.take(4, how::finished, &said, 10);
  BOOST_TEST(deal.split);
  BOOST_TEST(deal.smaller == 2u);
  BOOST_TEST((packs.style() == pack_style::schema));
}

BOOST_AUTO_TEST_CASE(a_lost_or_overloaded_pack_is_not_divided) {
  packs.restart(8);
  send(0, 4, pack_style::schema);
  BOOST_TEST(!packs.take(0, how::other, nullptr, 10).divide);
  BOOST_TEST(packs.width() == 1u);
  send(0, 4, pack_style::schema);
  const auto said = failed(errc::overloaded);
  BOOST_TEST(!packs.take(0, how::degraded, &said, 10).divide);
}

BOOST_AUTO_TEST_CASE(a_pack_that_goes_well_lets_one_more_go_at_once) {
  packs.restart(8);
  send(0, 2, pack_style::schema);
  const auto good = answered(right);
  packs.take(0, how::finished, &good, 10);
  BOOST_TEST(packs.width() == 2u);
}

BOOST_AUTO_TEST_CASE(the_answer_of_a_canary_alone_wins_if_it_differs) {
  canaries all;
  const auto with = [](const char* text) {
    outcome o;
    o.state = outcome_state::completed;
    o.attempts = 1;
    o.body = make_payload(test::chat_body(text, "stop"));
    return o;
  };
  const auto add = [&](uint64_t index) {
    all.add(index, std::make_shared<const outcome>(with("yes")));
  };
  add(1);
  const auto equal = with(" YES "), other = with("no");
  const auto same = all.compare(1, &equal, true);
  BOOST_TEST((same.compared && same.agreed));
  BOOST_TEST(*same.result.body == *with("yes").body);
  BOOST_TEST(!all.has(1));
  add(2);
  const auto differs = all.compare(2, &other, true);
  BOOST_TEST((differs.compared && !differs.agreed));
  BOOST_TEST(*differs.result.body == *other.body);
  add(3);
  const auto lost = all.compare(3, nullptr, false);
  BOOST_TEST(!lost.compared);
  BOOST_TEST(*lost.result.body == *with("yes").body);
  BOOST_TEST(!all.take(3));
}

BOOST_AUTO_TEST_SUITE_END()
