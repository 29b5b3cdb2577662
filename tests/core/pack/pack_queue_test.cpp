#include "core/pack/pack_canary.hpp"
#include "core/pack/pack_plan.hpp"
#include "core/pack/pack_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace penstock;
using namespace penstock::core;

namespace {

request chat(const std::string& model, uint32_t output_max = 0, size_t text_bytes = 10) {
  request r;
  r.url = "/v1/chat/completions";
  r.output_tokens_max = output_max;
  r.body = make_payload(R"({"model":")" + model + R"(","messages":[{"role":"user","content":")" +
                        std::string(text_bytes, 'x') + R"("}]})");
  return r;
}

struct fixture {
  std::vector<uint64_t> compose(uint64_t first) {
    return queue.compose(first, [this](uint64_t i) { return away.count(i) == 0; });
  }
  pack_queue queue{{4, 16'000}};
  std::set<uint64_t> away;
};

using list = std::vector<uint64_t>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(pack_queue_suite, fixture)

BOOST_AUTO_TEST_CASE(requests_are_packed_in_order_with_their_own_kind) {
  for (uint64_t i = 0; i < 10; ++i)
    BOOST_TEST(queue.look(i, chat(i % 2 ? "a" : "b")));
  BOOST_TEST((compose(0) == list{0, 2, 4, 6}));
  BOOST_TEST((compose(1) == list{1, 3, 5, 7}));
  away = {3, 5};
  BOOST_TEST((compose(1) == list{1, 7, 9}));
  BOOST_TEST((compose(9) == list{9}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_packed_goes_alone) {
  auto odd = chat("a");
  odd.url = "/v1/embeddings";
  BOOST_TEST(!queue.look(0, odd));
  BOOST_TEST(!queue.look(0, odd));
  BOOST_TEST(queue.look(1, chat("a")));
  BOOST_TEST((compose(0) == list{0}));
  BOOST_TEST((compose(77) == list{77}));
}

BOOST_AUTO_TEST_CASE(a_pack_holds_no_more_tokens_than_it_may) {
  for (uint64_t i = 0; i < 4; ++i)
    queue.look(i, chat("a", 5'000));
  BOOST_TEST((compose(0) == list{0, 1, 2}));
  for (uint64_t i = 10; i < 14; ++i)
    queue.look(i, chat("b", 1, 20'000));
  BOOST_TEST((compose(10) == list{10, 11}));
  queue.look(20, chat("c", 50'000));
  BOOST_TEST((compose(20) == list{20}));
}

BOOST_AUTO_TEST_CASE(halving_ends_with_every_request_alone) {
  for (uint64_t i = 0; i < 4; ++i)
    queue.look(i, chat("a"));
  for (uint64_t i = 0; i < 4; ++i)
    queue.limit(i, 2);
  BOOST_TEST((compose(0) == list{0, 1}));
  queue.limit(1, 1);
  BOOST_TEST((compose(0) == list{0, 2}));
  BOOST_TEST((compose(1) == list{1}));
  queue.limit(1, 3); // The limit never rises again.
  BOOST_TEST((compose(1) == list{1}));
  queue.limit(99, 1);
}

BOOST_AUTO_TEST_CASE(what_is_done_is_forgotten) {
  for (uint64_t i = 0; i < 4; ++i)
    queue.look(i, chat("a"));
  queue.forget(1);
  queue.forget(1);
  BOOST_TEST((compose(0) == list{0, 2, 3}));
}

BOOST_AUTO_TEST_CASE(the_pace_grows_by_one_and_never_passes_where_it_hurt) {
  pack_pace pace;
  pace.restart(8);
  std::vector<uint32_t> widths;
  for (const bool trouble :
       {false, false, false, false, true, false, false, true, false, true, false}) {
    widths.push_back(pace.width());
    pace.answered(trouble);
  }
  BOOST_TEST((widths == std::vector<uint32_t>{1, 2, 3, 4, 5, 2, 2, 2, 1, 1, 1}));
  pace.restart(2);
  for (int i = 0; i < 5; ++i)
    pace.answered(false);
  BOOST_TEST(pace.width() == 2u);
}

BOOST_AUTO_TEST_CASE(canaries_are_the_share_that_was_asked_for_and_always_the_same) {
  size_t chosen = 0;
  for (uint64_t i = 0; i < 20'000; ++i) {
    chosen += is_canary(7, i, 0.05);
    BOOST_TEST(is_canary(7, i, 0.05) == is_canary(7, i, 0.05));
    BOOST_TEST(!is_canary(7, i, 0));
    BOOST_TEST(is_canary(7, i, 1));
  }
  BOOST_TEST(chosen > 900u);
  BOOST_TEST(chosen < 1'100u);
}

BOOST_AUTO_TEST_CASE(answers_agree_by_their_words) {
  const auto says = [](std::string text) {
    return R"({"choices":[{"message":{"content":")" + text + R"("}}]})";
  };
  BOOST_TEST(answers_agree(says("Yes,  it is.\\n"), says(" yes, it\\tis.")));
  BOOST_TEST(!answers_agree(says("Yes"), says("No")));
  BOOST_TEST(!answers_agree(says("a b"), says("ab")));
  BOOST_TEST(!answers_agree("{}", "{}"));
}

BOOST_AUTO_TEST_CASE(packing_pays_when_requests_bind_and_tokens_do_not) {
  pack_forecast f;
  f.requests = 1'000;
  f.input_tokens = 100'000;
  f.output_tokens = 100'000;
  f.requests_minute = 100;
  BOOST_TEST(why_to_pack(f) ==
             "1000 requests take 9.0 minutes at 100 requests per minute, their tokens 0.0");
  f.total_minute = 60'000; // 2.3 minutes
  BOOST_TEST(!why_to_pack(f).empty());
  f.total_minute = 30'000; // 5.7 minutes: not worth it
  BOOST_TEST(why_to_pack(f).empty());
  f.total_minute = 0;
  f.output_minute = 10'000;
  BOOST_TEST(why_to_pack(f).empty());
  f.output_minute = 0;
  f.requests = 580; // 4.8 minutes: not worth it.
  BOOST_TEST(why_to_pack(f).empty());
  f.requests = 1'000;
  f.requests_minute = 0;
  BOOST_TEST(why_to_pack(f).empty());
}

BOOST_AUTO_TEST_SUITE_END()
