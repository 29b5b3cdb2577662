#include "core/slot_scheduler.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace penstock::core;

namespace {

std::map<uint64_t, uint32_t> by_job(const std::vector<slot_scheduler::grant>& grants) {
  std::map<uint64_t, uint32_t> result;
  for (auto& g : grants)
    result[g.job] += g.slots;
  return result;
}

} // namespace

BOOST_AUTO_TEST_SUITE(slot_scheduler_suite)

BOOST_AUTO_TEST_CASE(a_job_never_gets_more_than_its_maximum) {
  slot_scheduler s;
  s.set_free(1, 100);
  s.add_job(1, "a", priority::normal, 10);
  s.set_demand(1, 50);
  BOOST_TEST(by_job(s.schedule())[1] == 10u);
  s.set_demand(1, 50);
  BOOST_TEST(s.schedule().empty());
  s.give_back(1, 1, 4);
  BOOST_TEST(by_job(s.schedule())[1] == 4u);
}

BOOST_AUTO_TEST_CASE(tenants_of_a_class_share_evenly) {
  slot_scheduler s;
  s.set_free(1, 10);
  s.add_job(1, "big", priority::normal, 100);
  s.add_job(2, "small", priority::normal, 100);
  s.set_demand(1, 1000);
  s.set_demand(2, 3);
  auto got = by_job(s.schedule());
  BOOST_TEST(got[1] == 7u);
  BOOST_TEST(got[2] == 3u);
}

BOOST_AUTO_TEST_CASE(a_higher_class_goes_first) {
  slot_scheduler s;
  s.set_free(1, 4);
  s.add_job(1, "a", priority::bulk, 100);
  s.add_job(2, "b", priority::interactive, 100);
  s.set_demand(1, 100);
  s.set_demand(2, 3);
  auto got = by_job(s.schedule());
  BOOST_TEST(got[2] == 3u);
  BOOST_TEST(got[1] == 1u);
}

BOOST_AUTO_TEST_CASE(within_a_tenant_the_oldest_job_goes_first) {
  slot_scheduler s;
  s.set_free(1, 4);
  s.add_job(8, "a", priority::normal, 100);
  s.add_job(5, "a", priority::normal, 100);
  s.set_demand(8, 100);
  s.set_demand(5, 3);
  auto got = by_job(s.schedule());
  BOOST_TEST(got[5] == 3u);
  BOOST_TEST(got[8] == 1u);
}

BOOST_AUTO_TEST_CASE(nodes_are_filled_evenly) {
  slot_scheduler s;
  s.set_free(1, 8);
  s.set_free(2, 8);
  s.add_job(1, "a", priority::normal, 100);
  s.set_demand(1, 10);
  std::map<uint64_t, uint32_t> by_node;
  for (auto& g : s.schedule())
    by_node[g.node] += g.slots;
  BOOST_TEST(by_node[1] == 5u);
  BOOST_TEST(by_node[2] == 5u);
}

BOOST_AUTO_TEST_CASE(a_lost_node_frees_what_jobs_held_on_it) {
  slot_scheduler s;
  s.set_free(1, 5);
  s.add_job(1, "a", priority::normal, 5);
  s.set_demand(1, 10);
  BOOST_TEST(by_job(s.schedule())[1] == 5u);
  s.remove_node(1);
  BOOST_TEST(s.in_use(1) == 0u);
  s.set_free(2, 9);
  s.set_demand(1, 10);
  BOOST_TEST(by_job(s.schedule())[1] == 5u);
  s.give_back(1, 1, 5); // A late word of the lost node changes nothing.
  BOOST_TEST(s.in_use(1) == 5u);
  BOOST_TEST(s.free_slots() == 4u);
}

BOOST_AUTO_TEST_CASE(a_removed_job_frees_what_it_held_once) {
  slot_scheduler s;
  s.set_free(1, 8);
  s.add_job(1, "a", priority::normal, 8);
  s.set_demand(1, 6);
  BOOST_TEST(by_job(s.schedule())[1] == 6u);
  s.remove_job(1);
  BOOST_TEST(s.free_slots() == 8u);
  s.give_back(1, 1, 6); // The node's late word.
  BOOST_TEST(s.free_slots() == 8u);
  // The same job again, as after a restart: late words of its first life may not add slots.
  s.add_job(1, "a", priority::normal, 8);
  s.set_demand(1, 8);
  BOOST_TEST(by_job(s.schedule())[1] == 8u);
  s.give_back(1, 1, 6);
  s.give_back(1, 1, 8);
  BOOST_TEST(s.free_slots() == 8u);
  BOOST_TEST(s.in_use(1) == 0u);
}

BOOST_AUTO_TEST_CASE(slots_are_conserved_over_random_histories) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      slot_scheduler s;
      const uint32_t total = 1 + rng() % 40;
      s.set_free(1, total);
      std::map<uint64_t, uint32_t> held;
      const uint32_t cap = 1 + rng() % 20;
      for (uint64_t j = 1; j <= 5; ++j)
        s.add_job(j, "t" + std::to_string(rng() % 3), static_cast<priority>(rng() % 3), cap);
      for (int step = 0; step < 200; ++step) {
        const uint64_t j = 1 + rng() % 5;
        if (rng() % 2) {
          s.set_demand(j, rng() % 30);
        } else if (held[j] > 0) {
          const uint32_t n = 1 + rng() % held[j];
          held[j] -= n;
          s.give_back(j, 1, n);
        }
        for (auto& g : s.schedule())
          held[g.job] += g.slots;
        uint32_t sum = 0;
        for (auto& [id, n] : held) {
          BOOST_TEST(n <= cap);
          BOOST_TEST(s.in_use(id) == n);
          sum += n;
        }
        BOOST_TEST(sum + s.free_slots() == total);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
