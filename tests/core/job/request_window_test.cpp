#include "core/job/request_window.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace penstock::core;

namespace {

std::shared_ptr<const request> make_request(uint64_t index, size_t bytes = 10) {
  request r;
  r.index = index;
  r.body = make_payload(std::string(bytes, 'x'));
  return std::make_shared<const request>(std::move(r));
}

request_window filled(uint64_t first, size_t n) {
  request_window w{first};
  for (size_t i = 0; i < n; ++i)
    w.push(make_request(first + i));
  return w;
}

} // namespace

BOOST_AUTO_TEST_SUITE(request_window_suite)

BOOST_AUTO_TEST_CASE(fresh_requests_go_in_order_and_returned_ones_before_them) {
  auto w = filled(5, 4);
  for (uint64_t i = 5; i < 8; ++i) {
    BOOST_REQUIRE(w.next_ready().value() == i);
    w.hand_out(i, 1);
  }
  w.move(6, request_state::ready);
  BOOST_TEST(w.next_ready().value() == 6u);
  w.hand_out(6, 1);
  BOOST_TEST(w.next_ready().value() == 8u);
  BOOST_TEST(!w.next_ready(8));
}

BOOST_AUTO_TEST_CASE(what_was_lost_twice_in_a_row_is_set_aside) {
  auto w = filled(0, 2);
  w.hand_out(0, 1);
  w.find(0)->losses = 1;
  w.move(0, request_state::ready);
  BOOST_TEST(w.next_ready().value() == 0u);
  w.hand_out(0, 2);
  w.find(0)->losses = request_window::suspected_after;
  w.move(0, request_state::ready);
  BOOST_TEST(w.next_ready().value() == 1u);
  BOOST_TEST(w.lowest(request_state::suspected).value() == 0u);
  w.move(0, request_state::held);
  w.move(0, request_state::ready);
  BOOST_TEST(w.count(request_state::suspected) == 1u);
  w.hand_out(0, 3);
  BOOST_TEST(!w.lowest(request_state::suspected));
  w.find(0)->losses = 0;
  w.move(0, request_state::ready);
  BOOST_TEST(w.next_ready().value() == 0u);
}

BOOST_AUTO_TEST_CASE(only_the_last_hand_out_is_current) {
  auto w = filled(0, 1);
  const auto first = w.hand_out(0, 1);
  BOOST_TEST(w.is_current(0, first));
  w.move(0, request_state::ready);
  BOOST_TEST(!w.is_current(0, first));
  const auto second = w.hand_out(0, 2);
  BOOST_TEST(second > first);
  BOOST_TEST(!w.is_current(0, first));
  BOOST_TEST(w.is_current(0, second));
  w.finish(0);
  BOOST_TEST(!w.is_current(0, second));
  BOOST_TEST(!w.is_current(77, second));
}

BOOST_AUTO_TEST_CASE(epochs_of_a_later_life_are_above_its_base) {
  request_window w{0, 3u << 20};
  w.push(make_request(0));
  BOOST_TEST(w.hand_out(0, 1) > 3u << 20);
}

BOOST_AUTO_TEST_CASE(a_recorded_result_is_done_from_the_start) {
  request_window w{0};
  w.push(nullptr);
  w.push(make_request(1));
  BOOST_TEST(w.done_below() == 1u);
  BOOST_TEST(w.next_ready().value() == 1u);
  BOOST_TEST(w.bytes() == 10u);
}

BOOST_AUTO_TEST_CASE(what_was_on_a_node_can_be_found) {
  auto w = filled(0, 5);
  w.hand_out(0, 1);
  w.hand_out(1, 2);
  w.hand_out(2, 1);
  BOOST_TEST((w.on_node(1) == std::vector<uint64_t>{0, 2}));
  w.finish(0);
  BOOST_TEST((w.on_node(1) == std::vector<uint64_t>{2}));
}

BOOST_AUTO_TEST_CASE(counts_and_bytes_equal_a_recount_over_random_histories) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      request_window w{0};
      std::map<uint64_t, request_state> model;
      uint64_t begin = 0;
      auto pick = [&](request_state s) -> std::optional<uint64_t> {
        std::vector<uint64_t> in;
        for (auto& [i, state] : model)
          if (state == s)
            in.push_back(i);
        return in.empty() ? std::nullopt : std::optional{in[rng() % in.size()]};
      };
      for (int step = 0; step < 300; ++step) {
        switch (rng() % 6) {
        case 0:
          model[w.end()] = request_state::ready;
          w.push(make_request(w.end()));
          break;
        case 1:
        case 2:
          if (auto i = w.next_ready()) {
            // A later request is never handed out while an earlier one is ready.
            for (auto& [k, s] : model)
              if (s == request_state::ready) {
                BOOST_TEST(k == *i);
                break;
              }
            w.hand_out(*i, 1);
            model[*i] = request_state::in_flight;
          }
          break;
        case 3:
          if (auto i = pick(request_state::in_flight)) {
            const auto to = static_cast<request_state>(std::array{0, 2, 3}[rng() % 3]);
            w.move(*i, to);
            model[*i] = to;
          }
          break;
        case 4:
          if (auto i = pick(rng() % 2 ? request_state::in_flight : request_state::held)) {
            w.finish(*i);
            model[*i] = request_state::done;
          } else if (auto c = w.lowest(request_state::carried)) {
            w.move(*c, request_state::ready);
            model[*c] = request_state::ready;
          }
          break;
        case 5:
          begin = w.done_below();
          w.pop_below(begin);
          model.erase(model.begin(), model.lower_bound(begin));
          break;
        }
        uint64_t bytes = 0;
        std::map<request_state, size_t> counts;
        for (auto& [i, s] : model) {
          ++counts[s];
          bytes += s == request_state::done ? 0 : 10;
        }
        BOOST_REQUIRE(w.size() == model.size());
        BOOST_REQUIRE(w.bytes() == bytes);
        for (auto s : {request_state::ready, request_state::in_flight, request_state::carried,
                       request_state::held, request_state::done})
          BOOST_REQUIRE(w.count(s) == counts[s]);
        BOOST_REQUIRE(w.next_ready().has_value() == (counts[request_state::ready] > 0));
        BOOST_REQUIRE(w.lowest(request_state::held).has_value() ==
                      (counts[request_state::held] > 0));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
