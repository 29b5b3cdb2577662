#include "tests/support/map_hub_fixture.hpp"

using namespace penstock;
using namespace penstock::test;
using core::outcome_state;

BOOST_FIXTURE_TEST_SUITE(map_hub_suite, map_hub_fixture)

BOOST_AUTO_TEST_CASE(rows_go_to_the_jobs_of_their_groups) {
  start({0, 1, 0});
  BOOST_TEST(seen[0]->bodies.size() == 2u);
  BOOST_TEST(seen[0]->bodies[1] == "2:a");
  BOOST_TEST(seen[2]->bodies.size() == 1u);
  BOOST_TEST(seen[2]->bodies[0] == "1:a");
  BOOST_TEST(seen[2]->ids[0] == "pk-1-0");
  BOOST_TEST(seen[1]->bodies.empty());
  BOOST_TEST(!seen[0]->end);
}

BOOST_AUTO_TEST_CASE(a_slow_row_does_not_hold_the_second_stage_of_others_back) {
  start({0, 0});
  answer({1, 0, 0}, answered("one"));
  BOOST_REQUIRE(seen[1]->bodies.size() == 1u);
  BOOST_TEST(seen[1]->bodies[0] == "1:b<one");
  pull(1);
  answer({1, 1, 0}, answered("uno"));
  BOOST_TEST(output() == "");
  answer({0, 0, 0}, answered("zero"));
  BOOST_TEST(seen[1]->bodies.size() == 2u);
  answer({0, 1, 0}, answered("nil"));
  BOOST_TEST(output() == "0,zero,nil,\n1,one,uno,\n");
  BOOST_TEST(close().complete);
}

BOOST_AUTO_TEST_CASE(jobs_end_when_nothing_can_come_any_more) {
  start({0});
  BOOST_TEST(seen[2]->end); // The other group has no rows.
  BOOST_TEST(seen[3]->end);
  pull(0);
  BOOST_TEST(!seen[0]->end);
  answer({0, 0, 0}, answered("bad"));
  BOOST_TEST(!seen[0]->end);
  pull(0);
  answer({0, 0, 1}, answered("good"));
  BOOST_TEST(seen[0]->end);
  BOOST_TEST(!seen[1]->end);
  pull(1);
  answer({0, 1, 0}, answered("done"));
  BOOST_TEST(seen[1]->end);
}

BOOST_AUTO_TEST_CASE(a_bad_answer_is_corrected_a_bounded_number_of_times) {
  start({0, 0}, 1);
  pull(0);
  answer({0, 0, 0}, answered("bad one"));
  BOOST_REQUIRE(seen[0]->bodies.size() == 3u);
  BOOST_TEST(seen[0]->bodies[2] == "0:a!bad one?not good");
  BOOST_TEST(seen[0]->ids[2] == "pk-0-0-1");
  answer({0, 0, 1}, answered("bad two"));
  BOOST_TEST(output() == "0,,,stage a: not good (after 1 corrections)\n");
  answer({1, 0, 0}, answered("refused"));
  BOOST_TEST(output() == "0,,,stage a: not good (after 1 corrections)\n1,,,stage a: refused\n");
  const auto s = ask<map_status>(hub, atom::status_v);
  BOOST_TEST(s.groups[0].done.failed == 2u);
  BOOST_TEST(s.groups[0].stages[0].done.corrections == 1u);
  BOOST_TEST(s.groups[0].stages[0].done.requests.completed == 3u);
}

BOOST_AUTO_TEST_CASE(failures_stay_in_their_rows_place) {
  script->faulty = {0};
  script->undocumented = {2};
  start({0, 0, 0, 0});
  answer({3, 0, 0}, answered("c"));
  answer({1, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  pull(1);
  answer({3, 1, 0}, answered("d"));
  BOOST_TEST(output() == "0,,,line 0 is broken\n1,,,it ended\n2,,,no document\n3,c,d,\n");
}

BOOST_AUTO_TEST_CASE(an_answer_counts_once) {
  start({0});
  answer({0, 0, 0}, answered("first"));
  answer({0, 0, 0}, answered("second"));
  BOOST_TEST(seen[1]->bodies.size() == 1u);
  BOOST_TEST(seen[1]->bodies[0] == "0:b<first");
  self->send(hub, atom::keep_v,
             std::vector<map_answer>{{{0, 1, 0}, answered("x")}, {{0, 1, 0}, answered("y")}});
  run();
  BOOST_TEST(output() == "0,first,x,\n");
  BOOST_TEST(close().groups[0].stages[1].done.requests.completed == 1u);
}

BOOST_AUTO_TEST_CASE(a_port_that_died_is_replaced_and_offered_what_is_unanswered) {
  start({0, 0});
  answer({0, 0, 0}, answered("zero"));
  join(0);
  BOOST_REQUIRE(seen[0]->bodies.size() == 1u);
  BOOST_TEST(seen[0]->bodies[0] == "1:a");
  answer({1, 0, 0}, answered("one"));
  pull(0);
  BOOST_TEST(seen[0]->end);
}

BOOST_AUTO_TEST_CASE(after_a_kill_no_answer_is_asked_for_again) {
  start({0, 0, 0, 1});
  answer({0, 0, 0}, answered("zero"));
  answer({1, 0, 0}, answered("bad one"));
  answer({2, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  pull(1);
  answer({0, 1, 0}, answered("nil"));
  BOOST_TEST(output() == "0,zero,nil,\n");
  kill();
  start({0, 0, 0, 1});
  // Row 0 is written again from the journal; 1 goes on with its correction; 2 stays failed; 3 was
  // open.
  BOOST_TEST(output() == "0,zero,nil,\n");
  BOOST_REQUIRE(seen[0]->bodies.size() == 1u);
  BOOST_TEST(seen[0]->bodies[0] == "1:a!bad one?not good");
  BOOST_TEST(seen[2]->bodies.size() == 1u);
  answer({1, 0, 1}, answered("one"));
  answer({1, 1, 0}, answered("uno"));
  BOOST_TEST(output() == "0,zero,nil,\n1,one,uno,\n2,,,it ended\n");
  advance(std::chrono::seconds{2}); // A checkpoint.
  kill();
  start({0, 0, 0, 1});
  BOOST_TEST(output() == "0,zero,nil,\n1,one,uno,\n2,,,it ended\n");
  BOOST_TEST(seen[0]->bodies.empty());
  answer({3, 0, 0}, answered("three"));
  answer({3, 1, 0}, answered("tres"));
  const auto s = close();
  BOOST_TEST(s.complete);
  BOOST_TEST(s.resumed_rows == 3u);
  BOOST_TEST(s.groups[0].done.completed == 2u);
  BOOST_TEST(s.groups[0].done.failed == 1u);
  BOOST_TEST(s.groups[0].stages[0].done.requests.attempts == 4u);
  BOOST_TEST(s.groups[0].stages[0].done.corrections == 1u);
}

BOOST_AUTO_TEST_CASE(cancelling_a_group_leaves_the_other_alone) {
  start({0, 1, 0, 1});
  BOOST_TEST(seen[0]->bodies.size() == 2u);
  answer({0, 0, 0}, answered("zero")); // Ready for stage b, but not pulled.
  self->send(hub, atom::cancel_v, std::string{"x"});
  run();
  answer({2, 0, 0},
         ended_as(outcome_state::cancelled, errc::cancelled)); // Cancelled by its coordinator.
  answer({0, 1, 0}, answered("too late is fine"));
  answer({1, 0, 0}, answered("one"));
  answer({3, 0, 0}, answered("three"));
  pull(3);
  answer({1, 1, 0}, answered("uno"));
  answer({3, 1, 0}, answered("tres"));
  BOOST_TEST(output() == "0,zero,too late is fine,\n1,one,uno,\n2,,,it ended\n3,three,tres,\n");
  const auto s = close();
  BOOST_TEST(s.groups[0].cancelled);
  BOOST_TEST(s.groups[0].done.cancelled == 1u);
  BOOST_TEST(s.groups[1].done.completed == 2u);
}

BOOST_AUTO_TEST_CASE(a_cancelled_group_begins_nothing) {
  start({0, 0});
  self->send(hub, atom::cancel_v, std::string{"x"});
  self->send(hub, atom::cancel_v, std::string{"nobody"});
  run();
  answer({0, 0, 0}, answered("zero"));
  BOOST_TEST(seen[1]->bodies.empty());
  BOOST_TEST(output() == "0,zero,,the group was cancelled\n");
}

BOOST_AUTO_TEST_CASE(no_more_rows_are_read_than_the_window_holds) {
  setup->window_rows = 3;
  start(std::vector<uint32_t>(10, 0));
  BOOST_TEST(script->next_row == 3u);
  pull(0);
  answer({1, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  BOOST_TEST(script->next_row == 3u);
  answer({0, 0, 0}, ended_as(outcome_state::failed, errc::bad_request));
  BOOST_TEST(script->next_row == 5u);
  BOOST_TEST(seen[0]->bodies.size() == 5u);
}

BOOST_AUTO_TEST_CASE(rows_that_need_nothing_pass_however_small_the_window) {
  setup->window_rows = 2;
  script->faulty = {0, 1, 2, 3, 4, 5, 6};
  start(std::vector<uint32_t>(7, 0));
  BOOST_TEST(script->next_row == 7u);
  BOOST_TEST(seen[0]->end);
  BOOST_TEST(close().groups[0].done.failed == 7u);
}

BOOST_AUTO_TEST_CASE(a_spent_budget_is_told_once) {
  setup->budget = 1.0;
  setup->watcher = caf::actor_cast<map_watcher_actor>(self);
  start({0, 0, 0});
  answer({0, 0, 0}, answered("zero", 0.6));
  answer({1, 0, 0}, answered("one", 0.6));
  answer({2, 0, 0}, answered("two", 0.6));
  int told = 0;
  while (!self->mailbox().empty())
    self->receive([&](atom::failed, const error& why) {
      ++told;
      BOOST_TEST((why.code == errc::budget_exhausted));
    });
  BOOST_TEST(told == 1);
}

BOOST_AUTO_TEST_CASE(an_input_that_is_shorter_than_it_was_ends_the_hub) {
  script->groups = {0, 0};
  setup->rows_of_group = {0, 0};
  start({0, 0});
  kill();
  script->groups = {0};
  script->next_row = 0;
  io::map_request request;
  request.identity = {"in", "hash", version};
  request.rows = {{1, 0, 1, *row_print(0)}, {2, 0, 2, *row_print(1)}};
  request.rows_to_run = 2;
  request.rounds = {3, 3};
  request.output = out;
  setup->script = script;
  setup->groups = {"x"};
  setup->rows_of_group = {2};
  setup->corrections_max = {2, 2};
  setup->files = std::make_shared<io::map_files>(std::move(*io::map_files::open(request)));
  hub = spawn(actors::map_hub, std::make_shared<actors::map_setup>(std::move(*setup)));
  self->monitor(hub);
  run();
  errc code{};
  self->receive([&](const caf::down_msg& down) { code = from_caf(down.reason).code; });
  BOOST_TEST((code == errc::input_changed));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stage_port_suite, deterministic_system)

BOOST_AUTO_TEST_CASE(every_outcome_reaches_the_hub_once_whichever_way_it_comes) {
  auto answers = std::make_shared<std::vector<core::map_ticket>>();
  auto hub = spawn([=](map_hub_actor::pointer self) -> map_hub_actor::behavior_type {
    return {
      [](atom::join, uint32_t, const stage_port_actor&) {},
      [=](atom::pull, uint32_t, uint32_t, uint64_t) {
        map_offer offer;
        for (uint64_t row : {7u, 3u, 5u}) {
          offer.requests.emplace_back();
          offer.tickets.push_back({row, 0, 0});
        }
        self->send(caf::actor_cast<stage_port_actor>(self->current_sender()), atom::chunk_v, offer);
      },
      [=](atom::keep, const std::vector<map_answer>& given) {
        for (auto& a : given)
          answers->push_back(a.ticket);
      },
      [](atom::cancel, const std::string&) {},
      [](atom::status) { return map_status{}; },
      [](atom::close) { return map_status{}; },
      [](atom::flush) {},
      [](atom::mark) {},
    };
  });
  auto port = spawn(actors::stage_port, hub, 0u);
  self->send(port, atom::pull_v, uint32_t{10}, uint64_t{1000});
  run();
  std::vector<uint64_t> places;
  self->receive([&](atom::chunk, const request_chunk& chunk) {
    for (auto& r : chunk.requests)
      places.push_back(r->index);
  });
  BOOST_TEST((places == std::vector<uint64_t>{0, 1, 2}));
  self->send(port, atom::keep_v, std::vector<sink_item>{{2, answered("c"), {}}});
  self->send(port, atom::write_v,
             std::vector<sink_item>{{0, answered("a"), {}}, {1, answered("b"), {}}});
  self->send(port, atom::write_v, std::vector<sink_item>{{2, answered("c"), {}}});
  run();
  std::vector<uint64_t> rows;
  for (auto& t : *answers)
    rows.push_back(t.row);
  BOOST_TEST((rows == std::vector<uint64_t>{5, 7, 3}));
  uint64_t written = 0;
  while (!self->mailbox().empty())
    self->receive([&](atom::written, uint64_t below) { written = below; });
  BOOST_TEST(written == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
