#include "tests/support/coordinator_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(coordinator_suite, test::coordinator_fixture)

BOOST_AUTO_TEST_CASE(a_job_ends_when_every_request_is_written) {
  input(20);
  start();
  BOOST_TEST(demand() == 20u);
  give(20);
  for (uint64_t i = 20; i-- > 0;)
    complete(i);
  auto& p = ended();
  BOOST_TEST((p.state == job_state::completed));
  BOOST_TEST(p.completed == 20u);
  BOOST_TEST(p.written == 20u);
  BOOST_TEST(p.in_flight_peak == 20u);
  BOOST_TEST(files->lines.size() == 20u);
  BOOST_TEST((files->closed == std::vector{true}));
  for (uint64_t i = 0; i < 20; ++i)
    BOOST_TEST(line(i).custom_id == "id-" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(an_empty_job_ends_at_once) {
  start();
  BOOST_TEST((ended().state == job_state::completed));
  BOOST_TEST((files->closed == std::vector{true}));
}

BOOST_AUTO_TEST_CASE(no_more_is_read_than_the_window_takes) {
  input(30);
  options.window_requests = 8;
  start();
  BOOST_TEST(status().read == 8u);
  give(8);
  complete(1);
  BOOST_TEST(status().read == 8u);
  complete(0);
  BOOST_TEST(status().read == 10u);
  BOOST_TEST(demand() == 2u);
}

BOOST_AUTO_TEST_CASE(no_more_is_read_than_the_bytes_of_the_window) {
  input(100);
  options.window_bytes = 3 * files->input[10]->body->size();
  start();
  BOOST_TEST(status().read <= 4u);
  BOOST_TEST(status().read >= 1u);
  for (auto& [requests, bytes] : files->pulls)
    BOOST_TEST(bytes <= options.window_bytes);
}

BOOST_AUTO_TEST_CASE(no_more_is_asked_for_than_the_job_may_have_in_flight) {
  input(30);
  options.in_flight_max = 4;
  start();
  BOOST_TEST(demand() == 4u);
  give(3);
  BOOST_TEST(demand() == 1u);
  give(9);
  BOOST_TEST(work->requests().size() == 4u);
  BOOST_TEST(head->freed_slots() == 8u);
  complete(0);
  BOOST_TEST(demand() == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_without_slots_holds_but_a_taste_of_its_input) {
  const auto body = core::make_payload(std::string(10'000, 'x'));
  input(20'000);
  for (auto& r : files->input) {
    auto large = *r;
    large.body = body;
    r = make_shared_value(std::move(large));
  }
  options.in_flight_max = 100'000; // As many as there are slots.
  options.window_requests = 10'000;
  options.window_bytes = 1u << 30;
  start();
  BOOST_TEST(status().read <= 27u);
  BOOST_TEST(demand() == status().read);
  while (work->requests().size() < 5'000) {
    const auto before = work->requests().size();
    give(demand());
    BOOST_REQUIRE(work->requests().size() > before);
  }
  BOOST_TEST(status().read <= 10'000u);
  BOOST_TEST(demand() > 0u);
}

BOOST_AUTO_TEST_CASE(requests_are_handed_out_in_order_with_the_terms_of_the_job) {
  input(5);
  options.tenant = "acme";
  options.client_id = "run";
  options.deadline = 60s;
  start();
  give(5);
  BOOST_REQUIRE(work->assigned.size() == 1u);
  auto& a = work->assigned[0];
  BOOST_TEST(a.tenant == "acme");
  BOOST_TEST(a.client_id == "run");
  BOOST_TEST((a.time_left == caf::timespan{60s}));
  BOOST_TEST((a.ran_as == core::mode::parallel));
  for (uint64_t i = 0; i < 5; ++i)
    BOOST_TEST(a.requests[i].key.index == i);
}

BOOST_AUTO_TEST_CASE(an_unusable_line_fails_in_its_place_and_is_never_sent) {
  input(3);
  auto bad = *files->input[1];
  bad.rejection = error{errc::invalid_input, "line 2: no JSON"};
  files->input[1] = make_shared_value(bad);
  start();
  BOOST_TEST(demand() == 2u);
  give(3);
  complete(0);
  complete(2);
  BOOST_TEST((ended().state == job_state::completed));
  BOOST_TEST(ended().failed == 1u);
  BOOST_TEST(line(1).error_code == "invalid_input");
  BOOST_TEST(line(1).attempts == 0u);
}

BOOST_AUTO_TEST_CASE(recorded_results_are_written_and_not_handed_out) {
  input(6);
  for (uint64_t i : {1u, 3u, 4u})
    files->kept[i] = core::output_line(outcome(i, core::outcome_state::completed, errc::internal));
  start();
  BOOST_TEST(demand() == 3u);
  give(3);
  for (uint64_t i : {5u, 2u, 0u})
    complete(i);
  BOOST_TEST((ended().state == job_state::completed));
  BOOST_TEST(ended().completed == 6u);
  BOOST_TEST(ended().read == 6u);
  BOOST_TEST(files->lines.size() == 6u);
  for (uint64_t i : {1u, 3u, 4u})
    BOOST_TEST(times_handed_out(i) == 0u);
}

BOOST_AUTO_TEST_CASE(a_job_whose_results_are_all_recorded_ends) {
  input(5);
  for (uint64_t i = 0; i < 5; ++i)
    files->kept[i] = core::output_line(outcome(i, core::outcome_state::completed, errc::internal));
  start();
  BOOST_TEST((ended().state == job_state::completed));
  BOOST_TEST(files->lines.size() == 5u);
}

BOOST_AUTO_TEST_CASE(results_recorded_beyond_a_narrower_window_are_not_lost) {
  input(40);
  for (uint64_t i = 20; i < 40; ++i)
    files->kept[i] = core::output_line(outcome(i, core::outcome_state::completed, errc::internal));
  options.window_requests = 4;
  start();
  for (uint64_t i = 0; i < 20; ++i) {
    give(1);
    complete(i);
  }
  BOOST_TEST((ended().state == job_state::completed));
  BOOST_TEST(files->lines.size() == 40u);
}

BOOST_AUTO_TEST_CASE(a_finished_output_counts_as_written) {
  input(3);
  for (uint64_t i = 0; i < 3; ++i)
    files->lines.push_back(
      core::output_line(outcome(i, core::outcome_state::completed, errc::internal)));
  start();
  BOOST_TEST(ended().written == 3u);
  BOOST_TEST(ended().completed == 3u);
}

BOOST_AUTO_TEST_CASE(a_slow_disk_lets_only_the_head_go_on) {
  input(50);
  answer_bytes = 20'000;
  options.window_bytes = 10 * answer_bytes;
  files->sink_answers = false;
  start();
  give(20);
  BOOST_REQUIRE(work->requests().size() == 20u);
  // Request 0 and then the disk are slow: later results wait in memory.
  for (uint64_t i = 1; i < 20; ++i)
    complete(i);
  BOOST_TEST(files->lines.empty());
  BOOST_TEST(demand() == 0u);
  complete(0);
  BOOST_TEST(files->lines.size() == 20u);
  BOOST_TEST(demand() == 1u); // The next first request may be sent.
  // The disk goes on, and so does the job.
  files->sink_answers = true;
  for (auto& to : std::exchange(files->unanswered, {}))
    self->send(to, atom::written_v, uint64_t{files->lines.size()});
  run();
  BOOST_TEST(demand() > 1u);
}

BOOST_AUTO_TEST_CASE(a_slow_disk_stops_a_job_before_many_answers_are_unsafe) {
  input(10'000);
  options.in_flight_max = 50;
  options.window_requests = 10'000;
  files->sink_answers = false;
  start();
  for (size_t done = 0; demand() > 0; ++done) {
    give(1);
    BOOST_REQUIRE(done < 3'000u);
    complete(done);
  }
  BOOST_TEST(status().in_flight == 0u);
  BOOST_TEST(status().completed >= 2'048u);
  BOOST_TEST(status().completed <= 2'500u);
  files->sink_answers = true;
  for (auto& to : std::exchange(files->unanswered, {}))
    self->send(to, atom::written_v, uint64_t{files->lines.size()});
  run();
  BOOST_TEST(demand() > 0u);
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_ends_the_job_resumable) {
  input(3);
  start();
  give(1);
  self->send(aut, atom::failed_v, error{errc::input_changed, "shorter"});
  run();
  BOOST_TEST(demand() == 0u);
  BOOST_TEST(!head->finished);
  complete(0);
  BOOST_TEST((ended().state == job_state::aborted));
  BOOST_TEST((ended().cause.code == errc::input_changed));
  BOOST_TEST(files->lines.size() == 1u);
  BOOST_TEST((files->closed == std::vector{false}));
}

BOOST_AUTO_TEST_CASE(the_death_of_any_part_takes_the_coordinator) {
  for (int part = 0; part < 3; ++part) {
    BOOST_TEST_CONTEXT("part " << part) {
      *files = {};
      input(3);
      auto parts = make_parts(sys, files);
      auto victim = part == 0 ? caf::actor_cast<caf::actor>(parts.source)
                              : caf::actor_cast<caf::actor>(parts.sink);
      auto copy = std::make_shared<actors::job_parts>(parts);
      auto coord =
        spawn(actors::coordinator, job, spawn(test::fake_engine, head), options, copy, 1u);
      run();
      if (part == 2)
        victim = caf::actor_cast<caf::actor>(
          caf::actor_cast<coordinator_actor::stateful_pointer<actors::coordinator_state>>(coord)
            ->state.collector);
      self->monitor(coord);
      caf::anon_send_exit(victim, caf::exit_reason::kill);
      run();
      bool down = false;
      self->receive([&](const caf::down_msg&) { down = true; }, caf::after(0s) >> [] {});
      BOOST_TEST(down);
      caf::anon_send_exit(parts.source, caf::exit_reason::kill);
      caf::anon_send_exit(parts.sink, caf::exit_reason::kill);
      run();
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
