#include "tests/support/coordinator_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct fixture : test::coordinator_fixture {
  void lose_node(uint64_t node) {
    self->send(aut, atom::lost_v, node);
    run();
  }
  void node_leaves(uint64_t node) {
    self->send(aut, atom::leave_v, node);
    run();
  }

  /// Indexes of each assignment from the `from`th on.
  std::vector<std::vector<uint64_t>> assigned(size_t from = 0) const {
    std::vector<std::vector<uint64_t>> all;
    for (auto i = from; i < work->assigned.size(); ++i) {
      auto& one = all.emplace_back();
      for (auto& r : work->assigned[i].requests)
        one.push_back(r.key.index);
    }
    return all;
  }

  using lists = std::vector<std::vector<uint64_t>>;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(coordinator_losses_suite, fixture)

BOOST_AUTO_TEST_CASE(what_a_lost_node_had_goes_out_again_before_fresh_requests) {
  input(20);
  start();
  give(4, 1);
  give(4, 2);
  lose_node(1);
  give(6, 3);
  BOOST_TEST((assigned(2) == lists{{0, 1, 2, 3, 8, 9}}));
}

BOOST_AUTO_TEST_CASE(suspects_run_one_at_a_time_and_in_assignments_of_their_own) {
  input(6);
  start();
  give(3, 1);
  lose_node(1);
  give(3, 2);
  lose_node(2); // 0, 1 and 2 are suspects now.
  BOOST_TEST(demand() == 4u);
  const auto before = work->assigned.size();
  give(4, 3);
  BOOST_TEST((assigned(before) == lists{{0}, {3, 4, 5}}));
  BOOST_TEST(demand() == 0u);
  complete(0);
  BOOST_TEST(demand() == 1u);
  give(4, 3);
  BOOST_TEST((assigned(before + 2) == lists{{1}}));
  complete(1);
  give(1, 3);
  complete(2);
  for (uint64_t i = 3; i < 6; ++i)
    complete(i);
  BOOST_TEST(ended().completed == 6u);
  BOOST_TEST(ended().lost == 6u);
}

BOOST_AUTO_TEST_CASE(the_third_loss_in_a_row_is_poison_and_the_rest_finishes) {
  input(4);
  start();
  for (uint64_t node = 1; node <= 3; ++node) {
    give(4, node);
    for (uint64_t i = 1; i < 4 && node == 1; ++i)
      complete(i);
    lose_node(node);
  }
  BOOST_TEST(times_handed_out(0) == 3u);
  BOOST_TEST(ended().completed == 3u);
  BOOST_TEST(ended().failed == 1u);
  BOOST_TEST(line(0).error_code == "poison");
  BOOST_TEST(files->lines[0].find("died 3 times in a row") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_neighbours_of_a_poisonous_request_are_cleared_one_by_one) {
  input(3);
  start();
  // Request 1 kills every worker that runs it.
  uint64_t node = 0;
  for (int round = 0; round < 20 && !head->finished; ++round) {
    const auto before = work->assigned.size();
    give(3, ++node);
    const auto now = assigned(before);
    const auto deadly = std::any_of(now.begin(), now.end(), [](auto& list) {
      return std::find(list.begin(), list.end(), 1u) != list.end();
    });
    if (deadly) {
      lose_node(node);
      continue;
    }
    for (auto& list : now)
      for (auto index : list)
        complete(index);
  }
  BOOST_TEST(ended().completed == 2u);
  BOOST_TEST(line(1).error_code == "poison");
  BOOST_TEST(times_handed_out(1) == 3u);
}

BOOST_AUTO_TEST_CASE(an_attempt_that_ends_clears_a_request) {
  input(1);
  options.mode = core::mode::automatic;
  start();
  lose_node(0);
  give(1, 1);
  lose_node(1);
  give(1, 2);
  lose_node(2);
  give(1, 3);
  // Its lane was tried and closed, so its worker has survived.
  auto o = outcome(0, core::outcome_state::failed, errc::unavailable);
  report(
    work_report{handed_out(0).key, report_kind::held, make_shared_value(std::move(o)), {}, 5ms});
  advance(2s);
  give(1, 4);
  lose_node(4);
  give(1, 5);
  lose_node(5);
  give(1, 6);
  complete(0);
  BOOST_TEST(ended().completed == 1u);
  BOOST_TEST(ended().lost == 4u);
}

BOOST_AUTO_TEST_CASE(a_lane_that_was_never_asked_clears_nobody) {
  input(1);
  start();
  for (uint64_t node = 1; node <= 2; ++node) {
    give(1, node);
    lose_node(node);
  }
  give(1, 3);
  report(0, report_kind::held, errc::unavailable);
  advance(2s);
  give(1, 4);
  lose_node(4);
  BOOST_TEST(line(0).error_code == "poison");
}

BOOST_AUTO_TEST_CASE(what_a_leaving_node_had_counts_as_no_loss) {
  input(3);
  start();
  for (uint64_t node = 1; node <= 5; ++node) {
    give(3, node);
    node_leaves(node);
  }
  BOOST_TEST(status().lost == 0u);
  const auto before = work->assigned.size();
  give(3, 9);
  BOOST_TEST((assigned(before) == lists{{0, 1, 2}}));
  for (uint64_t i = 0; i < 3; ++i)
    complete(i);
  BOOST_TEST(ended().completed == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_given_back_counts_as_no_loss_and_clears_nobody) {
  input(1);
  start();
  for (uint64_t node = 1; node <= 2; ++node) {
    give(1, node);
    lose_node(node);
  }
  for (int i = 0; i < 5; ++i) {
    give(1, 3);
    report(0, report_kind::given_back, errc::cancelled);
    BOOST_TEST(demand() == 1u);
  }
  give(1, 4);
  lose_node(4);
  BOOST_TEST(line(0).error_code == "poison");
  BOOST_TEST(ended().lost == 3u);
}

BOOST_AUTO_TEST_CASE(a_late_report_of_a_lost_hand_out_is_refused) {
  input(1);
  start();
  give(1, 1);
  const auto old = handed_out(0).key;
  lose_node(1);
  give(1, 2);
  auto o = outcome(0, core::outcome_state::completed, errc::internal);
  report(work_report{old, report_kind::finished, make_shared_value(std::move(o)), {}, 5ms});
  BOOST_TEST(!head->finished);
  BOOST_TEST(status().refused_late == 1u);
  complete(0);
  BOOST_TEST(ended().completed == 1u);
}

BOOST_AUTO_TEST_CASE(a_suspect_does_not_hold_up_a_job_that_is_cancelled_or_stopped) {
  for (const auto cancels : {true, false}) {
    *files = {};
    *head = {};
    input(3);
    start();
    give(3, 1);
    lose_node(1);
    give(3, 2);
    lose_node(2);
    if (cancels)
      self->send(aut, atom::cancel_v);
    else
      self->send(aut, atom::drain_v);
    run();
    BOOST_REQUIRE(head->finished.has_value());
    BOOST_TEST(head->finished->cancelled == (cancels ? 3u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_full_window_lets_the_suspect_at_its_head_go) {
  options.window_bytes = 400;
  answer_bytes = 200;
  input(6);
  start();
  give(6, 1);
  lose_node(1);
  give(6, 2);
  lose_node(2);
  for (uint64_t node = 3; node < 30 && !head->finished; ++node) {
    const auto before = work->assigned.size();
    give(6, node);
    for (auto& list : assigned(before))
      for (auto index : list)
        complete(index);
  }
  BOOST_TEST(ended().completed == 6u);
}

BOOST_AUTO_TEST_CASE(the_cost_of_a_lost_hand_out_is_taken_to_be_what_was_set_aside) {
  options.budget = 100;
  options.prices = {{.models = {"m"}, .input = 1000, .output = 1000}};
  input(2);
  start();
  give(2, 1);
  BOOST_TEST(status().cost == 0.0);
  lose_node(1);
  const auto spent = status().cost;
  BOOST_TEST(spent > 0.0);
  give(2, 2);
  node_leaves(2);
  BOOST_TEST(status().cost == spent);
}

BOOST_AUTO_TEST_SUITE_END()
