#include "tests/support/engine_fixture.hpp"
#include "tests/support/fake_job.hpp"
#include "tests/support/fake_limiter.hpp"

#include <algorithm>
#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// A node of another process, simulated by the test.
struct remote {
  node_welcome welcome;
  std::shared_ptr<test::node_log> log = std::make_shared<test::node_log>();
  node_actor actor;
  uint64_t beats = 0;
  uint64_t number() const { return welcome.node; }
};

struct fixture : test::engine_fixture {
  std::vector<std::string> announced;
  std::vector<std::shared_ptr<test::limiter_log>> lanes{std::make_shared<test::limiter_log>(),
                                                        std::make_shared<test::limiter_log>()};
  wiring wires{{}, {spawn(test::fake_limiter, lanes[0]), spawn(test::fake_limiter, lanes[1])}};
  std::shared_ptr<test::memory_files> files = std::make_shared<test::memory_files>();

  fixture() {
    actors::engine_setup setup;
    setup.lanes = {"a", "b"};
    setup.announce = [this](const std::string& text) { announced.push_back(text); };
    start(setup);
    self->send(aut, atom::rewire_v, wires);
    run();
  }

  ~fixture() { *files = {}; }

  static node_offer offer(std::vector<std::string> names = {"a", "b"}, uint32_t slots = 4) {
    return {"worker-1", "0.1.0", slots, std::move(names)};
  }

  remote come(node_offer what = offer()) {
    remote node;
    node.welcome = ask<node_welcome>(aut, atom::join_v, what);
    node.actor = spawn(test::fake_node, node.log);
    self->send(aut, atom::join_v, node.actor, node.number());
    run();
    return node;
  }

  void beat(remote& node, bool draining = false) {
    say(node, atom::heartbeat_v, node_beat{node.number(), ++node.beats, 0, draining});
    run();
  }

  /// Sends a message to the engine as this node.
  template <class... Ts>
  void say(const remote& node, Ts... xs) {
    caf::send_as(caf::actor_cast<caf::actor>(node.actor), aut, std::move(xs)...);
  }

  /// Advances the time while these nodes send heartbeats.
  void live(duration span, std::vector<remote*> nodes) {
    for (const auto end = now() + span; now() < end;) {
      advance(std::min<caf::timespan>(500ms, end - now()));
      for (auto* node : nodes)
        beat(*node);
    }
  }

  uint64_t submit(uint64_t requests) {
    for (uint64_t i = 0; i < requests; ++i)
      files->input.push_back(test::make_request(i));
    local_submission job;
    job.options.mode = core::mode::parallel;
    job.launcher = std::make_shared<test::memory_launcher>(files);
    return ask<uint64_t>(aut, atom::submit_v, job);
  }

  std::vector<node_info> nodes() { return ask<std::vector<node_info>>(aut, atom::nodes_v); }
  error refused(const node_offer& what) { return refusal<node_welcome>(atom::join_v, what); }

  size_t announced_with(std::string_view text) const {
    return static_cast<size_t>(std::count_if(announced.begin(), announced.end(), [&](auto& line) {
      return line.find(text) != std::string::npos;
    }));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_nodes_suite, fixture)

BOOST_AUTO_TEST_CASE(a_node_that_offers_and_joins_gets_work_at_once) {
  submit(6);
  auto node = come();
  BOOST_TEST((node.welcome.heartbeat == 500ms));
  BOOST_TEST((node.welcome.lost_after == 3s));
  BOOST_TEST(node.log->requests().size() == 4u);
  BOOST_REQUIRE(nodes().size() == 1u);
  const auto info = nodes()[0];
  BOOST_TEST(info.id == node.number());
  BOOST_TEST(info.name == "worker-1");
  BOOST_TEST(info.version == "0.1.0");
  BOOST_TEST((info.state == node_state::active));
  BOOST_TEST(!info.local);
  BOOST_TEST(info.slots == 4u);
  BOOST_TEST(info.in_use == 4u);
  BOOST_TEST(announced_with("worker-1") == 1u);
  BOOST_TEST(announced_with("joined with 4 slots") == 1u);
}

BOOST_AUTO_TEST_CASE(
  the_limiters_come_in_the_order_of_the_nodes_lanes_and_without_our_http_client) {
  auto node = come(offer({"b", "a"}));
  auto& given = node.welcome.neighbours;
  BOOST_TEST(!given.http);
  BOOST_REQUIRE(given.limiters.size() == 2u);
  BOOST_TEST((given.limiters[0] == wires.limiters[1]));
  BOOST_TEST((given.limiters[1] == wires.limiters[0]));
  BOOST_TEST(node.welcome.lanes == (std::vector<uint32_t>{1, 0}));
}

BOOST_AUTO_TEST_CASE(a_restarted_limiter_reaches_a_remote_node_in_its_order) {
  auto node = come(offer({"b", "a"}));
  wires.limiters[0] = spawn(test::fake_limiter, lanes[0]);
  self->send(aut, atom::rewire_v, wires);
  run();
  BOOST_REQUIRE(node.log->rewired.size() == 1u);
  BOOST_TEST(!node.log->rewired[0].http);
  BOOST_TEST((node.log->rewired[0].limiters[1] == wires.limiters[0]));
}

BOOST_AUTO_TEST_CASE(a_limiter_restarted_between_offer_and_joining_reaches_the_node_too) {
  remote node;
  node.welcome = ask<node_welcome>(aut, atom::join_v, offer());
  wires.limiters[0] = spawn(test::fake_limiter, lanes[0]);
  self->send(aut, atom::rewire_v, wires);
  self->send(aut, atom::join_v, spawn(test::fake_node, node.log), node.number());
  run();
  BOOST_REQUIRE(node.log->rewired.size() == 1u);
  BOOST_TEST((node.log->rewired[0].limiters[0] == wires.limiters[0]));
}

BOOST_AUTO_TEST_CASE(an_offer_with_other_lanes_is_refused_and_names_them) {
  auto why = refused(offer({"a"}));
  BOOST_TEST((why.code == errc::invalid_config));
  BOOST_TEST(why.context.find("lacks the head's lanes b") != std::string::npos);
  why = refused(offer({"a", "b", "c", "d"}));
  BOOST_TEST(why.context.find("the head lacks its lanes c, d") != std::string::npos);
  why = refused(offer({"a", "x"}));
  BOOST_TEST(why.context.find("head's lanes b; the head lacks its lanes x") != std::string::npos);
  why = refused(offer({"a", "b", "a"}));
  BOOST_TEST(why.context.find("twice a") != std::string::npos);
  BOOST_TEST(announced_with("refused") == 4u);
  BOOST_TEST(nodes().empty());
}

BOOST_AUTO_TEST_CASE(an_offer_without_sense_is_refused) {
  BOOST_TEST((refused(offer({"a", "b"}, 0)).code == errc::invalid_input));
  BOOST_TEST((refused(offer({"a", "b"}, 100'001)).code == errc::invalid_input));
  auto large = offer();
  large.name = std::string(100'000, 'x');
  BOOST_TEST((refused(large).code == errc::invalid_input));
  for (auto& line : announced)
    BOOST_TEST(line.size() < 500u);
  come(offer({"a", "b"}, 100'000));
  BOOST_TEST(nodes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_head_that_has_no_limiters_yet_asks_for_patience) {
  actors::engine_setup setup;
  setup.lanes = {"a", "b"};
  start(setup);
  BOOST_TEST((refused(offer()).code == errc::unavailable));
}

BOOST_AUTO_TEST_CASE(numbers_of_nodes_differ_also_between_lives_of_a_head) {
  std::set<uint64_t> all, low;
  for (int life = 0; life < 2; ++life) {
    for (int i = 0; i < 50; ++i) {
      const auto node = ask<node_welcome>(aut, atom::join_v, offer()).node;
      all.insert(node);
      if (life == 0)
        low.insert(node & 0xFFFF);
      BOOST_TEST((node & 0xFFFF) >= 4096u); // Lower numbers are for nodes in the head's process.
      BOOST_TEST(node < (uint64_t{1} << 48));
    }
    actors::engine_setup setup;
    setup.lanes = {"a", "b"};
    start(setup);
    self->send(aut, atom::rewire_v, wires);
    run();
  }
  BOOST_TEST(all.size() == 100u);
  BOOST_TEST(low.size() == 50u);
}

BOOST_AUTO_TEST_CASE(an_offer_that_nobody_follows_up_is_forgotten_without_a_word) {
  const auto welcome = ask<node_welcome>(aut, atom::join_v, offer());
  BOOST_TEST(nodes().empty());
  advance(4s);
  BOOST_TEST(!next_timer().has_value());
  auto log = std::make_shared<test::node_log>();
  self->send(aut, atom::join_v, spawn(test::fake_node, log), welcome.node);
  run();
  BOOST_TEST(nodes().empty());
  BOOST_TEST(announced.empty());
}

BOOST_AUTO_TEST_CASE(a_join_counts_once_and_only_after_an_offer) {
  auto node = come();
  auto log = std::make_shared<test::node_log>();
  self->send(aut, atom::join_v, spawn(test::fake_node, log), node.number());
  self->send(aut, atom::join_v, spawn(test::fake_node, log), uint64_t{77});
  run();
  BOOST_TEST(nodes().size() == 1u);
  submit(8);
  BOOST_TEST(node.log->requests().size() == 4u);
  BOOST_TEST(log->requests().empty());
}

BOOST_AUTO_TEST_CASE(signs_of_life_are_answered_with_their_number) {
  auto node = come();
  beat(node);
  beat(node);
  BOOST_TEST((node.log->answered == std::vector<uint64_t>{1, 2}));
  auto stranger = node;
  stranger.welcome.node = 77;
  beat(stranger);
  BOOST_TEST(node.log->answered.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_silent_node_gets_nothing_new_until_it_is_heard_again) {
  auto node = come();
  advance(1500ms);
  BOOST_TEST((nodes().at(0).state == node_state::silent));
  BOOST_TEST((nodes().at(0).silent_for == 1500ms));
  submit(2);
  BOOST_TEST(node.log->requests().empty());
  beat(node);
  BOOST_TEST((nodes().at(0).state == node_state::active));
  BOOST_TEST(node.log->requests().size() == 2u);
  BOOST_TEST(announced.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_node_silent_for_too_long_is_lost_and_its_work_goes_to_others) {
  submit(4);
  auto one = come();
  auto two = come();
  BOOST_TEST(one.log->requests().size() == 4u);
  live(2999ms, {&two});
  BOOST_TEST(nodes().size() == 2u);
  BOOST_TEST(two.log->requests().empty());
  advance(1ms);
  BOOST_TEST(nodes().size() == 1u);
  BOOST_TEST(two.log->requests().size() == 4u);
  BOOST_TEST(lanes[0]->released.size() == 1u);
  BOOST_TEST(lanes[1]->released.at(0) == one.number());
  BOOST_TEST(announced_with("lost: silent for 3s") == 1u);
  // A late heartbeat of a lost node is not answered, and the node stops.
  beat(one);
  BOOST_TEST(one.log->answered.empty());
  BOOST_TEST(nodes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_lost_node_asked_for_before_its_death_is_forgotten_with_it) {
  auto node = come();
  advance(3s);
  BOOST_TEST(lanes[0]->released.size() == 1u);
  // The connection was cut, not broken: messages sent before the node stopped arrive now.
  caf::anon_send_exit(node.actor, caf::exit_reason::kill);
  run();
  BOOST_TEST((lanes[0]->released == std::vector<uint64_t>{node.number(), node.number()}));
  BOOST_TEST(announced_with("lost") == 1u);
}

BOOST_AUTO_TEST_CASE(a_broken_connection_loses_a_node_at_once_and_is_said_once) {
  auto job = submit(4);
  auto one = come();
  auto two = come();
  caf::anon_send_exit(one.actor, caf::exit_reason::remote_link_unreachable);
  run();
  BOOST_TEST(nodes().size() == 1u);
  BOOST_TEST(two.log->requests().size() == 4u);
  BOOST_TEST(ask<job_progress>(aut, atom::status_v, job).lost == 4u);
  live(10s, {&two});
  BOOST_TEST(announced_with("lost:") == 1u);
}

BOOST_AUTO_TEST_CASE(the_death_of_the_own_node_frees_what_it_held_at_the_limiters) {
  join(4, 1);
  BOOST_TEST(nodes().at(0).local);
  caf::anon_send_exit(node, caf::exit_reason::kill);
  run();
  BOOST_TEST((lanes[0]->released == std::vector<uint64_t>{1}));
  BOOST_TEST(nodes().empty());
}

BOOST_AUTO_TEST_CASE(a_node_that_leaves_loses_nothing) {
  auto job = submit(8);
  auto one = come();
  beat(one, true);
  BOOST_TEST((nodes().at(0).state == node_state::draining));
  auto two = come();
  say(one, atom::leave_v, one.number());
  run();
  BOOST_TEST(nodes().size() == 1u);
  const auto p = ask<job_progress>(aut, atom::status_v, job);
  BOOST_TEST(p.lost == 0u);
  BOOST_TEST(p.in_flight == 4u);
  BOOST_TEST(two.log->requests().size() == 4u);
  caf::anon_send_exit(one.actor, caf::exit_reason::kill); // Its process ends.
  run();
  BOOST_TEST(announced_with("left") == 1u);
  BOOST_TEST(announced_with("lost") == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_speaks_for_another_node) {
  submit(8);
  auto one = come(), other = come();
  self->send(aut, atom::leave_v, one.number());
  say(other, atom::leave_v, one.number());
  say(other, atom::heartbeat_v, node_beat{one.number(), 1, 0, true});
  run();
  BOOST_TEST(nodes().size() == 2u);
  BOOST_TEST((nodes().at(0).state == node_state::active));
  BOOST_TEST(one.log->answered.empty());
}

BOOST_AUTO_TEST_CASE(a_node_whose_reports_cannot_be_true_is_sent_away) {
  submit(8);
  auto bad = come(), good = come();
  const error why{errc::invalid_input, "a report was refused: it has no outcome"};
  for (int i = 0; i < 2; ++i)
    self->send(aut, atom::refused_v, bad.number(), why);
  run();
  BOOST_TEST(nodes().size() == 2u);
  BOOST_TEST(announced_with("a report was refused: it has no outcome") == 2u);
  self->send(aut, atom::refused_v, bad.number(), why);
  run();
  BOOST_TEST(nodes().size() == 1u);
  BOOST_TEST(announced_with("it is sent away") == 1u);
  BOOST_TEST(refused(offer()).context.find("reports that cannot be true") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_draining_node_gets_nothing_new_whatever_it_says_later) {
  auto node = come();
  beat(node, true);
  beat(node, false);
  submit(4);
  BOOST_TEST(node.log->requests().empty());
  BOOST_TEST(node.log->answered.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_head_that_stood_still_loses_nobody_for_it) {
  auto node = come();
  beat(node);
  // The process was stopped for a minute: its timer comes late, the heartbeats come after it.
  sched.clock().current_time += 60s;
  sched.trigger_timeouts();
  run();
  BOOST_TEST(nodes().size() == 1u);
  beat(node);
  BOOST_TEST((nodes().at(0).state == node_state::active));
  advance(3s);
  BOOST_TEST(nodes().empty());
}

BOOST_AUTO_TEST_CASE(no_timer_runs_without_remote_nodes) {
  join(4, 1);
  BOOST_TEST(!next_timer().has_value());
  auto node = come();
  BOOST_TEST(next_timer().has_value());
  say(node, atom::leave_v, node.number());
  run();
  advance(3s);
  BOOST_TEST(!next_timer().has_value());
}

BOOST_AUTO_TEST_CASE(signs_of_life_start_no_timers_of_their_own) {
  auto node = come();
  live(1h, {&node});
  BOOST_TEST(sched.clock().schedule().size() == 1u);
  BOOST_TEST(nodes().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_node_has_ended_is_counted) {
  auto job = submit(4);
  auto node = come();
  const auto life = life_of(node.log->requests().at(0).key.epoch);
  say(node, atom::freed_v, slot_return{job, node.number(), 3, life});
  self->send(aut, atom::freed_v, slot_return{job, node.number(), 1, life}); // From a coordinator.
  run();
  BOOST_TEST(nodes().at(0).finished == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
