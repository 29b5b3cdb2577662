#include "core/engine/node_table.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace penstock;
using namespace penstock::core;
using namespace std::chrono_literals;

namespace {

using change = node_table::change;

struct nodes_fixture {
  const time_point t0 = time_point{} + 1h;
  node_table t{{500ms, 3s}, {"a", "b"}, 42};

  uint64_t joined(time_point now) {
    const auto id = t.offer({"n", "1.0", 4, {"b", "a"}}, now);
    BOOST_REQUIRE(id.has_value());
    BOOST_REQUIRE(t.join(*id, now));
    return *id;
  }
  error refused(const node_terms& terms) {
    const auto id = t.offer(terms, t0);
    BOOST_REQUIRE(!id.has_value());
    return id.error();
  }
};

bool says(const error& e, std::string_view text) { return e.context.find(text) != text.npos; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(node_table_suite, nodes_fixture)

BOOST_AUTO_TEST_CASE(a_node_offers_then_joins_and_its_lanes_are_numbers) {
  const auto id = t.offer({"n", "1.0", 4, {"b", "a"}}, t0);
  BOOST_REQUIRE(id.has_value());
  BOOST_TEST(!t.find(*id)->joined);
  BOOST_TEST((t.find(*id)->lanes == std::vector<uint32_t>{1, 0}));
  BOOST_TEST(t.why_no_slots() == "no node has joined");
  BOOST_TEST(t.join(*id, t0 + 1s));
  BOOST_TEST(!t.join(*id, t0 + 1s)); // Only once.
  BOOST_TEST(t.title(*id) == "node n (" + std::to_string(*id) + ")");
  BOOST_TEST((t.find(*id)->since == t0 + 1s));
  BOOST_TEST(t.why_no_slots().empty());
}

BOOST_AUTO_TEST_CASE(an_offer_that_cannot_be_is_refused_with_the_reason) {
  BOOST_TEST(says(refused({"n", "1", 0, {"a", "b"}}), "from 1 to 100000"));
  BOOST_TEST(says(refused({"n", "1", 100'001, {"a", "b"}}), "not 100001"));
  BOOST_TEST(says(refused({std::string(201, 'x'), "1", 1, {"a", "b"}}), "too large"));
  const auto wrong = refused({"n", "1", 1, {"a", "a", "c"}});
  BOOST_TEST((wrong.code == errc::invalid_config));
  BOOST_TEST(
    says(wrong, "it lacks the head's lanes b; the head lacks its lanes c; it has twice a"));
  BOOST_TEST(t.all().empty());
}

BOOST_AUTO_TEST_CASE(a_table_takes_only_so_many_nodes) {
  for (size_t i = 0; i < node_table::nodes_max; ++i)
    BOOST_REQUIRE(t.offer({"n", "1", 1, {"a", "b"}}, t0).has_value());
  BOOST_TEST((refused({"n", "1", 1, {"a", "b"}}).code == errc::overflow));
}

BOOST_AUTO_TEST_CASE(numbers_of_nodes_differ_and_never_meet_those_of_local_ones) {
  std::set<uint64_t> seen;
  for (int round = 0; round < 70'000; ++round) {
    const auto id = joined(t0);
    BOOST_REQUIRE((id & 0xffff) >= 4096);
    if (round < 60'000)
      BOOST_REQUIRE(seen.insert(id).second);
    t.remove(id);
  }
  node_table other{{500ms, 3s}, {"a", "b"}, 43ull << 32};
  const auto id = other.offer({"n", "1", 1, {"a", "b"}}, t0);
  BOOST_TEST(seen.count(*id) == 0u);
}

BOOST_AUTO_TEST_CASE(a_number_in_use_is_not_given_again) {
  const auto kept = joined(t0);
  for (int round = 0; round < 70'000; ++round) {
    const auto id = joined(t0);
    BOOST_REQUIRE(id != kept);
    t.remove(id);
  }
}

BOOST_AUTO_TEST_CASE(a_silent_node_gets_nothing_new_and_comes_back_by_a_beat) {
  const auto id = joined(t0);
  BOOST_TEST((t.next_wake(t0) == t0 + 1500ms));
  BOOST_TEST(!t.next_wake(t0).has_value()); // A timer is set already.
  const auto then = t.wake(t0 + 1500ms);
  BOOST_TEST((then.silent == std::vector<uint64_t>{id}));
  BOOST_TEST(then.lost.empty());
  BOOST_TEST(t.why_no_slots() == "all nodes are silent");
  BOOST_TEST((t.beat(id, false, t0 + 2s) == change::opened));
  BOOST_TEST((t.beat(id, false, t0 + 2s) == change::none));
  BOOST_TEST((t.beat(id, true, t0 + 2s) == change::closed));
  BOOST_TEST(t.why_no_slots() == "all nodes are about to leave");
  BOOST_TEST((t.beat(id, false, t0 + 2s) == change::none)); // A drain cannot be undone.
}

BOOST_AUTO_TEST_CASE(a_node_that_stays_silent_is_lost_with_its_time) {
  const auto id = joined(t0);
  t.next_wake(t0);
  t.wake(t0 + 1500ms);
  BOOST_TEST((t.next_wake(t0 + 1500ms) == t0 + 3s));
  const auto then = t.wake(t0 + 3s);
  BOOST_REQUIRE(then.lost.size() == 1u);
  BOOST_TEST(then.lost[0].id == id);
  BOOST_TEST((then.lost[0].silence == 3s));
  BOOST_TEST(then.silent.empty());
  t.remove(id);
  BOOST_TEST((t.beat(id, false, t0 + 3s) == change::unknown));
  BOOST_TEST(!t.next_wake(t0 + 3s).has_value());
}

BOOST_AUTO_TEST_CASE(an_offer_that_nobody_follows_up_is_lost_too) {
  const auto id = t.offer({"n", "1", 1, {"a", "b"}}, t0);
  BOOST_TEST((t.beat(*id, false, t0) == change::unknown)); // It has not joined.
  t.next_wake(t0);
  t.wake(t0 + 1500ms);
  t.next_wake(t0 + 1500ms);
  BOOST_TEST(t.wake(t0 + 3s).lost.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_wake_that_comes_late_does_not_count_as_silence) {
  const auto id = joined(t0);
  t.next_wake(t0);
  BOOST_TEST(t.wake(t0 + 1h).lost.empty()); // The process was blocked.
  BOOST_TEST((t.beat(id, false, t0 + 1h) != change::unknown));
}

BOOST_AUTO_TEST_CASE(local_nodes_have_no_lease_and_need_no_beat) {
  t.add_local(1, 8, t0);
  BOOST_TEST(t.why_no_slots().empty());
  BOOST_TEST(!t.next_wake(t0).has_value());
  BOOST_TEST((t.beat(1, true, t0) == change::unknown));
  BOOST_TEST(!t.join(1, t0));
  BOOST_TEST((t.silence(1, t0 + 1h) == 0s));
  BOOST_TEST(t.title(1) == "node 1");
  t.ended(1, 3);
  BOOST_TEST(t.find(1)->finished == 3u);
}

BOOST_AUTO_TEST_CASE(who_joins_after_a_restart_of_the_long_lived_actors_has_to_be_told) {
  const auto early = joined(t0);
  const auto late = t.offer({"n", "1", 1, {"a", "b"}}, t0);
  t.rewire();
  BOOST_TEST(!t.find(early)->rewired);
  BOOST_TEST(t.find(*late)->rewired);
}

BOOST_AUTO_TEST_SUITE_END()
