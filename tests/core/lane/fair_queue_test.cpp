#include "core/lane/fair_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>
#include <random>

using namespace std::chrono_literals;
using penstock::time_point;
using penstock::core::fair_queue;
using penstock::core::permit_request;
using penstock::core::priority;

namespace {

constexpr time_point start{1h};

permit_request req(uint64_t id, const std::string& tenant, priority p = priority::normal,
                   uint64_t owner = 0) {
  permit_request r;
  r.id = id;
  r.tenant = tenant;
  r.priority = p;
  r.owner = owner;
  return r;
}

std::string serve(fair_queue& q, int n, std::map<std::string, uint64_t> cost, time_point now) {
  std::string order;
  for (int i = 0; i < n; ++i) {
    const auto* head = q.front(now);
    if (!head)
      break;
    const auto tenant = head->tenant;
    order += q.pop(cost.contains(tenant) ? cost[tenant] : 1, now).tenant;
  }
  return order;
}

} // namespace

BOOST_AUTO_TEST_SUITE(fair_queue_suite)

BOOST_AUTO_TEST_CASE(a_tenant_is_served_first_in_first_out) {
  fair_queue q{30s};
  for (uint64_t id : {5, 3, 9})
    q.push(req(id, "a"), start);
  for (uint64_t id : {5, 3, 9}) {
    BOOST_REQUIRE(q.front(start));
    BOOST_TEST(q.pop(1, start).id == id);
  }
  BOOST_TEST(!q.front(start));
}

BOOST_AUTO_TEST_CASE(tenants_take_turns_whatever_their_backlog) {
  fair_queue q{30s};
  for (uint64_t i = 0; i < 100; ++i)
    q.push(req(i, "a"), start);
  for (uint64_t i = 100; i < 103; ++i)
    q.push(req(i, "b"), start);
  BOOST_TEST(serve(q, 7, {}, start) == "abababa");
}

BOOST_AUTO_TEST_CASE(a_tenant_of_double_cost_gets_half_the_turns) {
  fair_queue q{30s};
  for (uint64_t i = 0; i < 20; ++i)
    q.push(req(i, i % 2 ? "b" : "a"), start);
  BOOST_TEST(serve(q, 6, {{"a", 2}}, start) == "abbabb");
}

BOOST_AUTO_TEST_CASE(absence_earns_nothing) {
  fair_queue q{30s};
  for (uint64_t i = 0; i < 100; ++i)
    q.push(req(i, "a"), start);
  serve(q, 50, {}, start);
  for (uint64_t i = 100; i < 110; ++i)
    q.push(req(i, "b"), start);
  BOOST_TEST(serve(q, 6, {}, start) == "bababa");
}

BOOST_AUTO_TEST_CASE(priorities_are_strict_until_a_lower_one_has_waited_long_enough) {
  fair_queue q{30s};
  for (uint64_t i = 0; i < 100; ++i)
    q.push(req(i, "i", priority::interactive), start);
  q.push(req(200, "b", priority::bulk), start);
  q.push(req(201, "b", priority::bulk), start);
  BOOST_TEST(serve(q, 3, {}, start + 30s - 1ns) == "iii");
  BOOST_REQUIRE(q.next_aging());
  BOOST_TEST((*q.next_aging() == start + 30s));
  BOOST_TEST(serve(q, 3, {}, start + 30s) == "bii");
  BOOST_TEST(serve(q, 2, {}, start + 60s) == "bi");
}

BOOST_AUTO_TEST_CASE(cancelled_requests_are_never_served) {
  fair_queue q{30s};
  for (uint64_t i = 0; i < 10; ++i)
    q.push(req(i, i < 5 ? "a" : "b", priority::normal, i % 2), start);
  for (uint64_t i = 0; i < 5; ++i)
    BOOST_TEST(q.cancel(i));
  BOOST_TEST(!q.cancel(0));
  BOOST_TEST(serve(q, 2, {}, start) == "bb");
  q.cancel_owner(0);
  BOOST_TEST(q.size() == 2u);
  std::vector<uint64_t> ids;
  q.drain(ids);
  BOOST_TEST(ids == (std::vector<uint64_t>{7, 9}), boost::test_tools::per_element());
  BOOST_TEST(q.empty());
}

// I5, with tenants that come and leave, and with cancels.
BOOST_AUTO_TEST_CASE(each_of_k_waiting_tenants_is_served_within_k_grants_of_its_last) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      fair_queue q{30s};
      std::map<std::string, std::vector<uint64_t>> waiting;
      // Grants to others since its own last grant, while it waits.
      std::map<std::string, uint64_t> passed;
      uint64_t next = 0;
      for (int step = 0; step < 400; ++step) {
        const auto tenant = std::string(1, static_cast<char>('a' + random() % 7));
        switch (random() % 8) {
        case 0:
        case 1:
        case 2:
          if (waiting[tenant].empty())
            passed[tenant] = 0;
          waiting[tenant].push_back(next);
          q.push(req(next++, tenant), start);
          break;
        case 3:
          if (!waiting[tenant].empty()) {
            BOOST_TEST(q.cancel(waiting[tenant].back()));
            waiting[tenant].pop_back();
          }
          break;
        default: {
          const auto* head = q.front(start);
          if (!head)
            break;
          const auto served = q.pop(100, start);
          uint64_t k = 7;
          auto& ids = waiting[served.tenant];
          BOOST_TEST(ids.front() == served.id);
          ids.erase(ids.begin());
          passed[served.tenant] = 0;
          for (auto& [t, list] : waiting)
            if (!list.empty() && t != served.tenant)
              BOOST_TEST(++passed[t] < k);
        }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_crowd_of_tenants_that_come_once_is_forgotten_and_stays_fair) {
  fair_queue q{30s};
  q.push(req(1'000'000, "steady"), start);
  for (uint64_t i = 0; i < 20'000; ++i) {
    q.push(req(i, "t" + std::to_string(i)), start);
    BOOST_REQUIRE(q.front(start));
    q.pop(1, start);
  }
  BOOST_TEST(q.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
