#include "core/pack/pack_counter.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;

namespace {

request question(uint64_t i, const std::string& system = "Be brief.",
                 const std::string& more = {}) {
  request r;
  r.index = i;
  r.custom_id = "id-" + std::to_string(i);
  r.method = "POST";
  r.url = "/v1/chat/completions";
  r.model = "m";
  r.output_tokens_max = 100;
  r.body = make_payload(
    R"({"model":"m","max_tokens":100,)" + more + R"("messages":[{"role":"system","content":")" +
    system + R"("},{"role":"user","content":"question )" + std::to_string(i) + R"("}]})");
  return r;
}

packed_load count(pack_counter& counter) { return counter.take()["m"]; }

} // namespace

BOOST_AUTO_TEST_SUITE(pack_counter_suite)

BOOST_AUTO_TEST_CASE(ten_requests_of_one_kind_are_one_prompt) {
  pack_counter counter{{10, 16'000}};
  for (uint64_t i = 0; i < 25; ++i)
    counter.add(question(i));
  const auto load = count(counter);
  BOOST_TEST(load.requests == 25u);
  BOOST_TEST(load.prompts == 3u);
  BOOST_TEST(load.output_tokens_max >= 2500u);
}

BOOST_AUTO_TEST_CASE(a_long_instruction_is_sent_once_in_a_pack) {
  const std::string system(10'000, 's');
  pack_counter counter{{10, 16'000}};
  for (uint64_t i = 0; i < 10; ++i)
    counter.add(question(i, system));
  const auto load = count(counter);
  BOOST_TEST(load.prompts == 1u);
  BOOST_TEST(load.body_bytes > 10'000u);
  BOOST_TEST(load.body_bytes < 20'000u);
}

BOOST_AUTO_TEST_CASE(kinds_that_take_turns_fill_packs_of_their_own) {
  pack_counter counter{{10, 16'000}};
  for (uint64_t i = 0; i < 40; ++i)
    counter.add(question(i, i % 2 == 0 ? "Be brief." : "Be long."));
  BOOST_TEST(count(counter).prompts == 4u);
}

BOOST_AUTO_TEST_CASE(tokens_and_tools_keep_requests_apart) {
  pack_counter few{{10, 500}}; // A request takes more than 164 tokens.
  for (uint64_t i = 0; i < 10; ++i)
    few.add(question(i));
  BOOST_TEST(count(few).prompts == 5u);
  pack_counter alone{{10, 16'000}};
  for (uint64_t i = 0; i < 10; ++i)
    alone.add(question(i, "Be brief.", R"("tools":[{"type":"function"}],)"));
  BOOST_TEST(count(alone).prompts == 10u);
}

BOOST_AUTO_TEST_CASE(many_kinds_are_counted_with_bounded_memory) {
  pack_counter counter{{10, 16'000}};
  const auto kinds = pack_counter::open_max + 50;
  for (uint64_t i = 0; i < kinds; ++i)
    counter.add(question(i, "kind " + std::to_string(i)));
  const auto load = count(counter);
  BOOST_TEST(load.requests == kinds);
  BOOST_TEST(load.prompts == kinds);
}

BOOST_AUTO_TEST_CASE(canaries_are_sent_twice) {
  pack_counter counter{{10, 16'000}, 0.2};
  for (uint64_t i = 0; i < 100; ++i)
    counter.add(question(i));
  BOOST_TEST(count(counter).prompts == 30u);
}

BOOST_AUTO_TEST_SUITE_END()
