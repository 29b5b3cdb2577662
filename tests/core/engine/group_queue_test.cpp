#include "core/engine/group_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <string>
#include <vector>

using namespace penstock::core;

namespace {

using queue = group_queue<std::string>;

/// The writes of the next group, in order.
std::string group_of(queue& q) {
  std::string all;
  q.begin_group();
  while (auto what = q.next())
    all += (all.empty() ? "" : " ") + *what;
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(group_queue_suite)

BOOST_AUTO_TEST_CASE(nothing_waits_in_an_empty_queue) {
  queue q;
  BOOST_TEST(q.empty());
  BOOST_TEST(group_of(q) == "");
}

BOOST_AUTO_TEST_CASE(small_writes_go_first) {
  queue q{{100, 1000, 10, 100}};
  q.push(1, 60, 0, "a1");
  q.push(1, 60, 0, "a2");
  q.push(0, 1, 0, "s");
  q.push(2, 10, 0, "t");
  BOOST_TEST(group_of(q) == "s t a1");
  BOOST_TEST(group_of(q) == "a2");
  BOOST_TEST(q.empty());
}

BOOST_AUTO_TEST_CASE(the_order_of_an_owner_is_kept) {
  queue q{{100, 1000, 10, 100}};
  q.push(1, 60, 0, "a1");
  q.push(1, 60, 0, "a2");
  q.push(1, 1, 0, "a3"); // Small, but after large writes of the same owner.
  q.push(2, 1, 0, "b1");
  BOOST_TEST(group_of(q) == "b1 a1");
  BOOST_TEST(group_of(q) == "a2 a3");
}

BOOST_AUTO_TEST_CASE(owners_of_large_writes_take_turns) {
  queue q{{100, 1000, 10, 100}};
  for (auto what : {"a1", "a2", "a3"})
    q.push(1, 50, 0, what);
  q.push(2, 50, 0, "b1");
  q.push(0, 50, 0, "x");
  q.push(0, 50, 0, "y");
  BOOST_TEST(group_of(q) == "a1 b1");
  BOOST_TEST(group_of(q) == "x y");
  BOOST_TEST(group_of(q) == "a2 a3");
}

BOOST_AUTO_TEST_CASE(bounds_hold_for_rows_and_bytes_but_each_group_takes_a_large_one) {
  queue q{{100, 1000, 10, 100}};
  for (int i = 0; i < 30; ++i)
    q.push(0, 5, 1, "s");
  q.push(1, 400, 0, "huge");
  q.push(2, 2, 900, "wide"); // Few rows, but not small.
  q.push(2, 2, 900, "wide");
  std::string small = "s";
  for (int i = 1; i < 20; ++i)
    small += " s";
  BOOST_TEST(group_of(q) == small + " huge");
  BOOST_TEST(group_of(q) == "s s s s s s s s s s wide");
  BOOST_TEST(group_of(q) == "wide");
}

BOOST_AUTO_TEST_CASE(a_large_write_does_not_overtake_a_small_one_of_its_owner) {
  queue q{{20, 1000, 10, 100}};
  for (int i = 0; i < 3; ++i)
    q.push(2, 8, 0, "b" + std::to_string(i));
  q.push(1, 8, 0, "a0");
  q.push(1, 15, 0, "a1");
  q.push(3, 15, 0, "c0");
  BOOST_TEST(group_of(q) == "b0 b1 c0");
  BOOST_TEST(group_of(q) == "b2 a0 a1");
}

BOOST_AUTO_TEST_CASE(everything_comes_once_in_the_order_of_its_owner) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random{seed};
    group_queue<std::pair<uint64_t, int>> q{{40, 500, 20, 150}};
    std::map<uint64_t, int> pushed, seen;
    int waiting = 0;
    for (int step = 0; step < 300; ++step) {
      if (random() % 3) {
        const auto owner = random() % 4 + 1;
        q.push(owner, random() % 40, random() % 200, {owner, pushed[owner]++});
        ++waiting;
        continue;
      }
      q.begin_group();
      int taken = 0;
      while (auto what = q.next()) {
        BOOST_REQUIRE_MESSAGE(what->second == seen[what->first]++, "seed " << seed);
        ++taken;
      }
      BOOST_REQUIRE_MESSAGE((taken > 0) == (waiting > 0), "seed " << seed);
      waiting -= taken;
    }
    BOOST_REQUIRE(q.empty() == (waiting == 0));
  }
}

BOOST_AUTO_TEST_SUITE_END()
