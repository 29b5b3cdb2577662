#include "core/map/map_plan.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <set>

using namespace penstock::core;

namespace {

std::vector<uint64_t> rows_of(const std::vector<map_ticket>& tickets) {
  std::vector<uint64_t> rows;
  for (auto& t : tickets)
    rows.push_back(t.row);
  return rows;
}

} // namespace

BOOST_AUTO_TEST_SUITE(map_plan_suite)

BOOST_AUTO_TEST_CASE(a_slow_row_holds_only_the_output_back) {
  map_plan plan{{3}, 2};
  for (int i = 0; i < 3; ++i)
    plan.admit(0);
  BOOST_TEST(plan.take(0, 0, 10).size() == 3u);
  plan.advance(1);
  plan.advance(2);
  BOOST_TEST((rows_of(plan.take(0, 1, 10)) == std::vector<uint64_t>{1, 2}));
  plan.finish(1);
  plan.finish(2);
  BOOST_TEST(!plan.release());
  plan.finish(0);
  for (uint64_t row = 0; row < 3; ++row)
    BOOST_TEST(plan.release().value_or(99) == row);
  BOOST_TEST(!plan.release());
}

BOOST_AUTO_TEST_CASE(a_stage_ends_when_no_row_of_its_group_can_come) {
  map_plan plan{{2, 1}, 2};
  plan.admit(0);
  plan.admit(1);
  BOOST_TEST(!plan.has_ended(0, 0)); // One of its rows is not read.
  plan.take(1, 0, 1);
  plan.advance(1);
  BOOST_TEST(plan.has_ended(1, 0));
  BOOST_TEST(!plan.has_ended(1, 1));
  plan.admit(0);
  BOOST_TEST(plan.take(0, 0, 2).size() == 2u);
  BOOST_TEST(!plan.has_ended(0, 0));
  plan.finish(0);
  plan.again(2);
  BOOST_TEST(!plan.has_ended(0, 0));
  BOOST_TEST(plan.take(0, 0, 1).front().round == 1u);
  plan.finish(2);
  BOOST_TEST(plan.has_ended(0, 0));
  BOOST_TEST(plan.has_ended(0, 1));
  plan.finish(1);
  BOOST_TEST(plan.has_ended(1, 1));
}

BOOST_AUTO_TEST_CASE(only_the_round_under_way_is_waited_for) {
  map_plan plan{{1}, 2};
  plan.admit(0);
  BOOST_TEST(!plan.is_offered({0, 0, 0}));
  plan.take(0, 0, 1);
  BOOST_TEST(plan.is_offered({0, 0, 0}));
  BOOST_TEST(!plan.is_offered({0, 0, 1}));
  BOOST_TEST(!plan.is_offered({1, 0, 0}));
  plan.again(0);
  plan.take(0, 0, 1);
  BOOST_TEST(!plan.is_offered({0, 0, 0}));
  BOOST_TEST(plan.is_offered({0, 0, 1}));
  plan.take_back(0, 0);
  BOOST_TEST(!plan.is_offered({0, 0, 1}));
  BOOST_TEST((plan.take(0, 0, 1).front() == map_ticket{0, 0, 1}));
  plan.finish(0);
  plan.release();
  BOOST_TEST(!plan.is_offered({0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(rows_of_an_earlier_life_count_as_read) {
  map_plan plan{{3}, 1};
  plan.skip(0);
  plan.skip(0);
  BOOST_TEST(plan.next_row() == 2u);
  BOOST_TEST(plan.first_row() == 2u);
  BOOST_TEST(!plan.has_ended(0, 0));
  plan.admit_finished(0);
  BOOST_TEST(plan.has_ended(0, 0));
  BOOST_TEST(plan.release().value_or(99) == 2u);
}

// Random schedules: for any order of answers, each row passes each stage once, in order, is
// released once, in order, and every stage ends.
BOOST_AUTO_TEST_CASE(in_any_order_of_answers_rows_come_out_once_and_in_order) {
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      const uint32_t groups = 1 + random() % 3, stages = 1 + random() % 3;
      const uint64_t total = random() % 20;
      std::vector<uint32_t> group_of(total);
      std::vector<uint64_t> counts(groups);
      for (auto& g : group_of)
        ++counts[g = random() % groups];
      map_plan plan{counts, stages};
      std::vector<map_ticket> out;                      // In flight.
      std::map<uint64_t, std::vector<map_ticket>> seen; // By row.
      std::set<uint64_t> done;
      std::vector<uint64_t> released;
      for (int step = 0; released.size() < total; ++step) {
        BOOST_REQUIRE(step < 5000);
        const auto g = random() % groups, s = random() % stages;
        switch (random() % 5) {
        case 0:
          if (plan.next_row() < total && plan.held() < 6) {
            const auto row = plan.next_row();
            if (random() % 8 == 0) {
              plan.admit_finished(group_of[row]);
              done.insert(row);
            } else {
              plan.admit(group_of[row]);
            }
          }
          break;
        case 1:
          for (auto& t : plan.take(g, s, 1 + random() % 3)) {
            BOOST_TEST(group_of[t.row] == g);
            out.push_back(t);
          }
          break;
        case 2:
          if (random() % 4 == 0) { // The job of this stage dies.
            plan.take_back(g, s);
            std::erase_if(out, [&](auto& t) { return group_of[t.row] == g && t.stage == s; });
          }
          break;
        case 3:
          if (auto row = plan.release()) {
            BOOST_TEST(done.count(*row) == 1u);
            released.push_back(*row);
          }
          break;
        default:
          if (out.empty())
            break;
          std::swap(out[random() % out.size()], out.back());
          const auto t = out.back();
          out.pop_back();
          BOOST_REQUIRE(plan.is_offered(t));
          BOOST_TEST(!plan.has_ended(group_of[t.row], t.stage));
          auto& past = seen[t.row];
          if (!past.empty() && past.back().stage == t.stage)
            BOOST_TEST(t.round == past.back().round + 1);
          else
            BOOST_TEST(t.stage == (past.empty() ? 0 : past.back().stage + 1));
          past.push_back(t);
          if (t.round < 2 && random() % 4 == 0) {
            plan.again(t.row);
          } else if (t.stage + 1 < stages && random() % 6 != 0) {
            plan.advance(t.row);
          } else {
            plan.finish(t.row);
            done.insert(t.row);
          }
          BOOST_TEST(!plan.is_offered(t));
        }
      }
      for (uint64_t row = 0; row < total; ++row)
        BOOST_TEST(released[row] == row);
      for (uint32_t g = 0; g < groups; ++g)
        for (uint32_t s = 0; s < stages; ++s)
          BOOST_TEST(plan.has_ended(g, s));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
