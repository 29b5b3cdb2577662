#include "core/jsonl/jsonl.hpp"
#include "core/jsonl/outcome_line.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;

namespace {

bool equal(const outcome& a, const outcome& b) {
  const auto text = [](const payload& p) { return p ? *p : std::string{}; };
  const auto why = [](const outcome& o) {
    return o.failure ? to_string(*o.failure) : std::string{};
  };
  return a.index == b.index && a.custom_id == b.custom_id && a.state == b.state &&
         a.status_code == b.status_code && a.request_id == b.request_id &&
         text(a.body) == text(b.body) && why(a) == why(b) && a.attempts == b.attempts &&
         a.ran_as == b.ran_as && a.queued == b.queued && a.upstream == b.upstream &&
         a.cached == b.cached && a.used.known == b.used.known &&
         a.used.input_tokens == b.used.input_tokens &&
         a.used.cached_input_tokens == b.used.cached_input_tokens &&
         a.used.output_tokens == b.used.output_tokens &&
         a.used.reasoning_tokens == b.used.reasoning_tokens && a.lane == b.lane &&
         a.rate_limited == b.rate_limited && a.cost == b.cost && a.pack_size == b.pack_size &&
         a.lane_reason == b.lane_reason && a.notes == b.notes;
}

outcome drawn(std::mt19937_64& random) {
  const auto one_of = [&](auto count) { return static_cast<int>(random() % count); };
  const std::string words[] = {"", "plain", "quo\"te\\ \n\t", "\xc3\xa4\xe2\x82\xac",
                               "{\"a\":[1,null]}"};
  outcome o;
  o.index = random() % 1'000'000;
  o.custom_id = words[one_of(5)];
  o.state = static_cast<outcome_state>(one_of(4));
  if (one_of(3) > 0) {
    o.status_code = one_of(2) ? 200 : 503;
    o.request_id = words[one_of(5)];
    if (one_of(4) > 0)
      o.body = make_payload(R"({"choices":[{"message":{"content":"a \"b\" }"}}],"error":null})");
  }
  if (o.state != outcome_state::completed)
    o.failure = error{static_cast<errc>(1 + one_of(31)), words[one_of(5)]};
  o.attempts = static_cast<uint32_t>(one_of(9));
  o.rate_limited = static_cast<uint32_t>(one_of(5));
  o.ran_as = static_cast<mode>(1 + one_of(3));
  o.queued = std::chrono::milliseconds{one_of(100'000)};
  o.upstream = std::chrono::milliseconds{one_of(100'000)};
  o.cached = one_of(2) == 1;
  if (one_of(2))
    o.used = {random() % 10'000, random() % 100, random() % 10'000, random() % 100, true};
  o.lane = words[one_of(4)];
  if (one_of(2))
    o.cost = 0.125 * one_of(8);
  if (one_of(3) == 0)
    o.pack_size = static_cast<uint32_t>(2 + one_of(9));
  o.lane_reason = words[one_of(4)];
  for (int notes = one_of(3); notes > 0; --notes)
    o.notes.push_back(words[one_of(5)]);
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(outcome_line_suite)

BOOST_AUTO_TEST_CASE(every_outcome_comes_back_from_its_line) {
  std::mt19937_64 random{7};
  for (int i = 0; i < 2000; ++i) {
    const auto o = drawn(random);
    const auto line = output_line(o);
    const auto back = parse_outcome_line(line);
    BOOST_REQUIRE_MESSAGE(back.has_value(), line);
    BOOST_REQUIRE_MESSAGE(equal(*back, o), line << output_line(*back));
  }
}

BOOST_AUTO_TEST_CASE(a_line_that_is_not_ours_is_no_outcome) {
  auto line = output_line(outcome{});
  BOOST_TEST(parse_outcome_line(line).has_value());
  BOOST_TEST(parse_outcome_line(std::string_view{line}.substr(0, line.size() - 1)).has_value());
  for (size_t at = 0; at + 1 < line.size(); ++at) {
    auto torn = line;
    torn[at] ^= 1;
    BOOST_TEST((parse_outcome_line(torn).error().code == errc::corrupt), torn);
    BOOST_TEST(!parse_outcome_line(line.substr(0, at)).has_value());
  }
  BOOST_TEST(!parse_outcome_line("").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
