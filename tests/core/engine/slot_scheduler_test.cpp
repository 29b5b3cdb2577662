#include "core/engine/slot_scheduler.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
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
  s.add_node(1, 100);
  s.add_job(1, "a", priority::normal, 10);
  s.set_demand(1, 50);
  BOOST_TEST(by_job(s.schedule())[1] == 10u);
  s.set_demand(1, 50);
  BOOST_TEST(s.schedule().empty());
  s.give_back(1, 1, 4);
  BOOST_TEST(by_job(s.schedule())[1] == 4u);
}

BOOST_AUTO_TEST_CASE(tenants_of_a_priority_share_evenly) {
  slot_scheduler s;
  s.add_node(1, 10);
  s.add_job(1, "big", priority::normal, 100);
  s.add_job(2, "small", priority::normal, 100);
  s.set_demand(1, 1000);
  s.set_demand(2, 3);
  auto got = by_job(s.schedule());
  BOOST_TEST(got[1] == 7u);
  BOOST_TEST(got[2] == 3u);
}

BOOST_AUTO_TEST_CASE(a_higher_priority_goes_first) {
  slot_scheduler s;
  s.add_node(1, 4);
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
  s.add_node(1, 4);
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
  s.add_node(1, 8);
  s.add_node(2, 8);
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
  s.add_node(1, 5);
  s.add_job(1, "a", priority::normal, 5);
  s.set_demand(1, 10);
  BOOST_TEST(by_job(s.schedule())[1] == 5u);
  s.remove_node(1);
  BOOST_TEST(s.in_use(1) == 0u);
  s.add_node(2, 9);
  s.set_demand(1, 10);
  BOOST_TEST(by_job(s.schedule())[1] == 5u);
  s.give_back(1, 1, 5); // A late message of the lost node changes nothing.
  BOOST_TEST(s.in_use(1) == 5u);
  BOOST_TEST(s.free_slots() == 4u);
}

BOOST_AUTO_TEST_CASE(a_removed_job_frees_what_it_held_once) {
  slot_scheduler s;
  s.add_node(1, 8);
  s.add_job(1, "a", priority::normal, 8);
  s.set_demand(1, 6);
  BOOST_TEST(by_job(s.schedule())[1] == 6u);
  s.remove_job(1);
  BOOST_TEST(s.free_slots() == 8u);
  s.give_back(1, 1, 6); // A late message of the node.
  BOOST_TEST(s.free_slots() == 8u);
  // The same job again, as after a restart. Late messages of its first life must not add slots.
  s.add_job(1, "a", priority::normal, 8);
  s.set_demand(1, 8);
  BOOST_TEST(by_job(s.schedule())[1] == 8u);
  s.give_back(1, 1, 6);
  s.give_back(1, 1, 8);
  BOOST_TEST(s.free_slots() == 8u);
  BOOST_TEST(s.in_use(1) == 0u);
}

BOOST_AUTO_TEST_CASE(a_suspended_node_gets_nothing_new_and_keeps_what_it_has) {
  slot_scheduler s;
  s.add_node(1, 4);
  s.add_job(1, "a", priority::normal, 100);
  s.set_demand(1, 2);
  BOOST_TEST(by_job(s.schedule())[1] == 2u);
  s.suspend(1, true);
  s.set_demand(1, 10);
  BOOST_TEST(s.schedule().empty());
  s.give_back(1, 1, 1);
  BOOST_TEST(s.schedule().empty());
  BOOST_TEST(s.in_use_on(1) == 1u);
  s.suspend(1, true); // A second time changes nothing.
  s.suspend(1, false);
  BOOST_TEST(by_job(s.schedule())[1] == 3u);
  s.suspend(9, true); // An unknown node.
}

BOOST_AUTO_TEST_CASE(nodes_of_very_different_size_are_all_used_up) {
  slot_scheduler s;
  s.add_node(1, 1000);
  s.add_node(2, 3);
  s.add_node(3, 40);
  s.add_job(1, "a", priority::normal, 10'000);
  s.set_demand(1, 5000);
  std::map<uint64_t, uint32_t> by_node;
  for (auto& g : s.schedule())
    by_node[g.node] += g.slots;
  BOOST_TEST(by_node[1] == 1000u);
  BOOST_TEST(by_node[2] == 3u);
  BOOST_TEST(by_node[3] == 40u);
  BOOST_TEST(s.free_slots() == 0u);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_slow_to_finish_keeps_its_slots_busy_and_harms_nobody) {
  slot_scheduler s;
  s.add_node(1, 4);
  s.add_node(2, 4);
  s.add_job(1, "a", priority::normal, 100);
  s.set_demand(1, 100);
  s.schedule();
  for (int i = 0; i < 50; ++i) { // Node 2 finishes, node 1 never does.
    s.give_back(1, 2, 1);
    const auto got = s.schedule();
    BOOST_REQUIRE(got.size() == 1u);
    BOOST_TEST(got[0].node == 2u);
  }
  BOOST_TEST(s.in_use_on(1) == 4u);
}

BOOST_AUTO_TEST_CASE(a_lower_priority_waits_for_no_more_than_its_patience) {
  slot_scheduler s;
  s.add_node(1, 1);
  s.add_job(1, "busy", priority::interactive, 1000);
  s.add_job(2, "calm", priority::normal, 1000);
  s.add_job(3, "bulk", priority::bulk, 1000);
  std::map<uint64_t, uint32_t> since;
  std::map<uint64_t, uint32_t> total;
  for (uint32_t i = 0; i < 1000; ++i) {
    for (uint64_t job = 1; job <= 3; ++job)
      s.set_demand(job, 50);
    const auto got = s.schedule();
    BOOST_REQUIRE(got.size() == 1u);
    for (uint64_t job = 1; job <= 3; ++job)
      BOOST_TEST((since[job] = got[0].job == job ? 0 : since[job] + 1) <=
                 slot_scheduler::patience_slots + 1);
    ++total[got[0].job];
    s.give_back(got[0].job, 1, 1);
  }
  BOOST_TEST(total[1] > 900u);
  BOOST_TEST(total[3] >= 1000u / (slot_scheduler::patience_slots + 2));
}

BOOST_AUTO_TEST_CASE(a_small_tenant_has_its_turn_beside_a_hundred_thousand) {
  slot_scheduler s;
  s.add_node(1, 100);
  s.add_node(2, 100);
  s.add_job(1, "big", priority::normal, 100'000);
  s.set_demand(1, 100'000);
  std::vector<std::pair<uint64_t, uint64_t>> running; // Job and node, oldest first.
  const auto take = [&] {
    for (auto& g : s.schedule())
      for (uint32_t i = 0; i < g.slots; ++i)
        running.emplace_back(g.job, g.node);
  };
  take();
  s.add_job(2, "small", priority::normal, 100'000);
  s.set_demand(2, 10);
  take();
  uint32_t freed = 0;
  while (s.in_use(2) < 10) {
    s.give_back(running.front().first, running.front().second, 1);
    running.erase(running.begin());
    take();
    BOOST_REQUIRE(++freed < 100u);
  }
  BOOST_TEST(freed <= 20u);
}

BOOST_AUTO_TEST_CASE(each_of_k_waiting_tenants_is_served_within_k_slots) {
  std::mt19937 rng{7};
  slot_scheduler s;
  s.add_node(1, 1);
  for (uint64_t job = 1; job <= 12; ++job) { // Six tenants with two jobs each.
    s.add_job(job, "t" + std::to_string(job % 6), priority::normal, 1000);
    s.set_demand(job, 1000);
  }
  std::map<uint64_t, uint32_t> since;
  for (int i = 0; i < 600; ++i) {
    const auto got = s.schedule();
    BOOST_REQUIRE(got.size() == 1u);
    for (uint64_t t = 0; t < 6; ++t)
      BOOST_TEST((since[t] = got[0].job % 6 == t ? 0 : since[t] + 1) <= 6u);
    s.give_back(got[0].job, 1, 1);
    s.set_demand(1 + rng() % 12, 1000);
  }
}

BOOST_AUTO_TEST_CASE(a_tenant_that_comes_back_earns_nothing_by_its_absence_but_one_turn) {
  slot_scheduler s;
  s.add_node(1, 1);
  s.add_job(1, "a", priority::normal, 1000);
  s.add_job(2, "b", priority::normal, 1000);
  s.set_demand(2, 1);
  s.give_back(2, 1, s.schedule().at(0).slots);
  for (int i = 0; i < 100; ++i) {
    s.set_demand(1, 10);
    s.give_back(1, 1, s.schedule().at(0).slots);
  }
  std::map<uint64_t, uint32_t> got;
  for (int i = 0; i < 20; ++i) {
    s.set_demand(1, 100);
    s.set_demand(2, 100);
    const auto g = s.schedule().at(0);
    ++got[g.job];
    s.give_back(g.job, 1, 1);
  }
  BOOST_TEST(got[1] == 10u);
  BOOST_TEST(got[2] == 10u);
}

BOOST_AUTO_TEST_CASE(a_thousand_jobs_and_five_thousand_slots_cost_little) {
  slot_scheduler s;
  for (uint64_t node = 1; node <= 20; ++node)
    s.add_node(node, 250);
  for (uint64_t job = 1; job <= 1000; ++job) {
    s.add_job(job, "t" + std::to_string(job % 100), static_cast<priority>(job % 3), 100'000);
    s.set_demand(job, 1000);
  }
  const auto began = std::chrono::steady_clock::now();
  auto running = s.schedule();
  size_t slots = 0;
  for (auto& g : running)
    slots += g.slots;
  const auto filled = std::chrono::steady_clock::now();
  BOOST_TEST(slots == 5000u);
  constexpr int rounds = 5000;
  for (int i = 0; i < rounds; ++i) {
    const auto g = running[static_cast<size_t>(i) % running.size()];
    s.give_back(g.job, g.node, 1);
    for (auto& next : s.schedule())
      running.push_back(next);
  }
  const auto us = [](auto span) { return std::chrono::duration<double, std::micro>(span).count(); };
  BOOST_TEST_MESSAGE("first filling " << us(filled - began) / 5000 << " us a slot, then "
                                      << us(std::chrono::steady_clock::now() - filled) / rounds
                                      << " us a slot that comes free");
}

/// Compares with a model that only counts: no job gets more than its maximum, no slot is lost or
/// doubled, and all possible slots are handed out.
BOOST_AUTO_TEST_CASE(slots_are_conserved_over_random_histories) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      slot_scheduler s;
      struct model_node {
        uint32_t slots = 0, used = 0;
        bool suspended = false;
      };
      std::map<uint64_t, model_node> nodes;
      std::map<uint64_t, std::map<uint64_t, uint32_t>> held; // By job and node.
      std::map<uint64_t, uint32_t> demand;
      const uint32_t cap = 1 + rng() % 20;
      const auto in_use = [&](uint64_t job) {
        uint32_t sum = 0;
        for (auto& [node, n] : held[job])
          sum += n;
        return sum;
      };
      const auto add_job = [&](uint64_t j) {
        s.add_job(j, "t" + std::to_string(rng() % 3), static_cast<priority>(rng() % 3), cap);
      };
      for (uint64_t j = 1; j <= 5; ++j)
        add_job(j);
      uint64_t next_node = 1;
      for (int step = 0; step < 300; ++step) {
        const uint64_t j = 1 + rng() % 5;
        switch (rng() % 10) {
        case 0:
          if (nodes.size() < 4) {
            const uint32_t slots = rng() % 4 ? 1 + rng() % 10 : 60;
            nodes[next_node] = {slots, 0, false};
            s.add_node(next_node++, slots);
          }
          break;
        case 1:
          if (!nodes.empty() && rng() % 3 == 0) {
            const auto gone =
              std::next(nodes.begin(), static_cast<long>(rng() % nodes.size()))->first;
            s.remove_node(gone);
            nodes.erase(gone);
            for (auto& [job, by_node] : held)
              by_node.erase(gone);
          }
          break;
        case 2:
          if (!nodes.empty()) {
            auto& [id, node] = *std::next(nodes.begin(), static_cast<long>(rng() % nodes.size()));
            s.suspend(id, node.suspended = rng() % 2);
          }
          break;
        case 3:
          if (rng() % 5 == 0) {
            s.remove_job(j);
            for (auto& [node, n] : held[j])
              nodes[node].used -= n;
            held.erase(j);
            demand.erase(j);
            add_job(j);
          }
          break;
        case 4:
        case 5:
        case 6: s.set_demand(j, demand[j] = rng() % 30); break;
        default:
          if (!held[j].empty()) {
            auto& [node, n] =
              *std::next(held[j].begin(), static_cast<long>(rng() % held[j].size()));
            const auto back = n ? 1 + rng() % n : 0;
            n -= back;
            nodes[node].used -= back;
            s.give_back(j, node, back);
          }
        }
        for (auto& g : s.schedule()) {
          BOOST_REQUIRE(nodes.count(g.node) == 1u);
          auto& node = nodes[g.node];
          BOOST_TEST(!node.suspended);
          node.used += g.slots;
          held[g.job][g.node] += g.slots;
          BOOST_TEST(g.slots <= demand[g.job]);
          demand[g.job] -= g.slots;
        }
        bool open = false, wants = false;
        for (auto& [id, node] : nodes) {
          BOOST_TEST(node.used <= node.slots);
          BOOST_TEST(s.in_use_on(id) == node.used);
          open = open || (!node.suspended && node.used < node.slots);
        }
        for (uint64_t job = 1; job <= 5; ++job) {
          BOOST_TEST(in_use(job) <= cap);
          BOOST_TEST(s.in_use(job) == in_use(job));
          wants = wants || (demand[job] > 0 && in_use(job) < cap);
        }
        BOOST_TEST(!(open && wants));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
