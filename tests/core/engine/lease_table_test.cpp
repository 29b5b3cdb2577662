#include "core/engine/lease_table.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

const time_point t0 = time_point{} + 1h;
constexpr lease_limits limits{500ms, 3s};

} // namespace

BOOST_AUTO_TEST_SUITE(lease_table_suite)

BOOST_AUTO_TEST_CASE(a_node_is_silent_after_three_beats_and_lost_after_its_time_to_the_nanosecond) {
  lease_table t{limits};
  t.add(1, t0);
  BOOST_TEST(!t.is_silent(1, t0 + 1500ms - 1ns));
  BOOST_TEST(t.is_silent(1, t0 + 1500ms));
  BOOST_TEST(t.lost(t0 + 3s - 1ns).empty());
  BOOST_TEST((t.lost(t0 + 3s) == std::vector<uint64_t>{1}));
  BOOST_TEST(t.is_lost(1, t0 + 3s));
}

BOOST_AUTO_TEST_CASE(a_sign_of_life_begins_the_time_anew) {
  lease_table t{limits};
  t.add(1, t0);
  BOOST_TEST(t.renew(1, t0 + 2s));
  BOOST_TEST(!t.is_silent(1, t0 + 2s));
  BOOST_TEST(!t.is_lost(1, t0 + 5s - 1ns));
  BOOST_TEST(t.is_lost(1, t0 + 5s));
  BOOST_TEST((t.silence(1, t0 + 3s) == 1s));
}

BOOST_AUTO_TEST_CASE(who_has_no_lease_is_neither_silent_nor_lost_nor_renewed) {
  lease_table t{limits};
  BOOST_TEST(!t.renew(1, t0));
  t.add(1, t0);
  t.remove(1);
  BOOST_TEST(!t.renew(1, t0));
  BOOST_TEST(!t.is_lost(1, t0 + 1h));
  BOOST_TEST(!t.next_change(t0).has_value());
}

BOOST_AUTO_TEST_CASE(the_next_change_is_the_earliest_of_all_nodes) {
  lease_table t{limits};
  t.add(1, t0);
  t.add(2, t0 + 1s);
  BOOST_TEST((t.next_change(t0) == t0 + 1500ms));
  BOOST_TEST(
    (t.next_change(t0 + 1500ms) == t0 + 2500ms)); // Node 2 becomes silent before node 1 is lost.
  BOOST_TEST((t.next_change(t0 + 2500ms) == t0 + 3s));
  t.remove(1);
  BOOST_TEST((t.next_change(t0 + 2500ms) == t0 + 4s));
}

BOOST_AUTO_TEST_CASE(a_head_that_stood_still_holds_it_against_nobody) {
  lease_table t{limits};
  t.add(1, t0);
  t.add(2, t0);
  t.renew(2, t0 + 9s);
  t.forgive(10s, t0 + 11s);
  BOOST_TEST(!t.is_silent(1, t0 + 11s));
  BOOST_TEST(!t.is_lost(1, t0 + 13s - 1ns));
  BOOST_TEST(t.is_lost(1, t0 + 13s));
  BOOST_TEST(t.is_lost(2, t0 + 14s)); // A beat during the pause is not moved into the future.
}

BOOST_AUTO_TEST_CASE(silence_never_comes_after_loss) {
  BOOST_TEST((lease_limits{2s, 3s}.silent_after() == 3s));
  BOOST_TEST((lease_limits{500ms, 3s}.silent_after() == 1500ms));
}

BOOST_AUTO_TEST_CASE(a_node_may_work_until_its_time_after_the_beat_that_was_answered) {
  lease l{limits, t0};
  BOOST_TEST(!l.is_over(t0 + 3s - 1ns));
  BOOST_TEST(l.is_over(t0 + 3s));
  const auto first = l.beat(t0 + 1s);
  const auto second = l.beat(t0 + 2s);
  BOOST_TEST((l.until() == t0 + 3s)); // Sending a beat alone does not renew the lease.
  l.answered(first);
  BOOST_TEST((l.until() == t0 + 4s));
  l.answered(second);
  BOOST_TEST((l.until() == t0 + 5s));
}

BOOST_AUTO_TEST_CASE(an_answer_that_lay_in_the_socket_prolongs_nothing) {
  lease l{limits, t0};
  const auto beat = l.beat(t0 + 500ms);
  // The process is stopped for ten seconds. Then it reads the answer.
  l.answered(beat);
  BOOST_TEST(l.is_over(t0 + 10s));
}

BOOST_AUTO_TEST_CASE(answers_that_come_again_late_or_were_never_asked_for_change_nothing) {
  lease l{limits, t0};
  const auto first = l.beat(t0 + 1s);
  const auto second = l.beat(t0 + 2s);
  l.answered(second);
  l.answered(first);
  l.answered(second);
  l.answered(99);
  BOOST_TEST((l.until() == t0 + 5s));
}

BOOST_AUTO_TEST_CASE(a_node_stops_before_its_head_gives_it_up_whatever_the_line_does) {
  for (uint32_t seed = 1; seed <= 2000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      lease_table head{limits};
      const auto at = [&](uint32_t ms) { return t0 + std::chrono::milliseconds{ms}; };
      head.add(1, at(0));
      auto joined = at(rng() % 500);
      lease node{limits, joined};
      head.renew(1, joined + std::chrono::milliseconds{rng() % 300});
      // Each beat has its own delay. A connection keeps the order, and may break for good.
      auto arrives = joined;
      const auto breaks = rng() % 30;
      for (uint32_t i = 0; i < breaks; ++i) {
        const auto sent = joined + i * 500ms;
        const auto number = node.beat(sent);
        arrives = std::max(arrives, sent) + std::chrono::milliseconds{rng() % 400};
        if (head.is_lost(1, arrives))
          break;
        head.renew(1, arrives);
        if (rng() % 3 > 0) // The other direction may be cut alone.
          node.answered(number);
      }
      BOOST_TEST(!head.is_lost(1, node.until() - 1ns));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
