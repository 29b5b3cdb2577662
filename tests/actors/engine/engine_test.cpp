#include "tests/support/engine_fixture.hpp"
#include "tests/support/fake_job.hpp"

using namespace penstock;
using namespace std::chrono_literals;

namespace {

struct fixture : test::engine_fixture {
  fixture() { start({}); }
  std::vector<std::shared_ptr<test::memory_files>> made;

  ~fixture() {
    for (auto& files : made)
      *files = {}; // Their handles would keep the actors alive.
  }

  std::shared_ptr<test::memory_files> make_files(uint64_t requests) {
    auto files = std::make_shared<test::memory_files>();
    for (uint64_t i = 0; i < requests; ++i)
      files->input.push_back(test::make_request(i));
    made.push_back(files);
    return files;
  }

  uint64_t submit(std::shared_ptr<test::memory_files> files, job_options options = {}) {
    local_submission job;
    job.options = options;
    job.options.mode = core::mode::parallel;
    job.launcher = std::make_shared<test::memory_launcher>(files);
    return ask<uint64_t>(aut, atom::submit_v, job);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(engine_suite, fixture)

BOOST_AUTO_TEST_CASE(a_job_gets_the_slots_of_a_node_and_ends) {
  auto files = make_files(5);
  auto job = submit(files);
  BOOST_TEST(work->requests().empty());
  join(3);
  BOOST_TEST(work->requests().size() == 3u);
  complete(0, 3);
  BOOST_TEST(work->requests().size() == 5u);
  complete(3, 2);
  BOOST_TEST((status(job).state == job_state::completed));
  BOOST_TEST(files->lines.size() == 5u);
}

BOOST_AUTO_TEST_CASE(whoever_waits_learns_of_the_end_and_so_does_whoever_asks_later) {
  auto job = submit(make_files(1));
  auto pending = self->request(aut, caf::infinite, atom::wait_v, job);
  join(1);
  complete(0, 1);
  uint64_t completed = 0;
  pending.receive([&](const job_progress& p) { completed = p.completed; },
                  [](const caf::error& e) { BOOST_FAIL(caf::to_string(e)); });
  BOOST_TEST(completed == 1u);
  BOOST_TEST(ask<job_progress>(aut, atom::wait_v, job).completed == 1u);
  BOOST_TEST(status(job).completed == 1u);
}

BOOST_AUTO_TEST_CASE(an_unknown_job_is_an_error) {
  const auto why = refusal<job_progress>(atom::status_v, uint64_t{99});
  BOOST_TEST((why.code == errc::not_found));
  BOOST_TEST(why.context == "no job 99");
}

BOOST_AUTO_TEST_CASE(a_job_that_cannot_be_opened_ends_with_the_reason) {
  auto files = make_files(1);
  files->launch_fails = error{errc::locked, "another run"};
  auto job = submit(files);
  run();
  BOOST_TEST((status(job).state == job_state::aborted));
  BOOST_TEST((status(job).cause.code == errc::locked));
  BOOST_TEST(files->launches == 1u);
}

BOOST_AUTO_TEST_CASE(two_tenants_share_the_slots) {
  job_options a, b;
  a.tenant = "a";
  b.tenant = "b";
  submit(make_files(20), a);
  submit(make_files(20), b);
  run();
  join(10);
  std::map<uint64_t, size_t> by_job;
  for (auto& r : work->requests())
    ++by_job[r.key.job];
  BOOST_TEST(by_job[1] == 5u);
  BOOST_TEST(by_job[2] == 5u);
}

BOOST_AUTO_TEST_CASE(what_a_dead_node_had_goes_to_the_next_one) {
  auto files = make_files(4);
  submit(files);
  join(4);
  caf::anon_send_exit(node, caf::exit_reason::kill);
  run();
  node = spawn(test::fake_node, work);
  self->send(aut, atom::join_v, node, uint64_t{2}, uint32_t{4});
  run();
  BOOST_REQUIRE(work->requests().size() == 8u);
  complete(4, 4);
  BOOST_TEST(files->lines.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_job_whose_part_dies_is_opened_again_and_goes_on) {
  using part = std::function<caf::actor(test::memory_files&)>;
  const std::vector<part> parts{[](auto& f) { return f.source; }, [](auto& f) { return f.sink; },
                                [](auto& f) { return f.coordinator; }};
  join(8);
  for (size_t i = 0; i < parts.size(); ++i) {
    BOOST_TEST_CONTEXT("part " << i) {
      *work = {};
      auto files = make_files(4);
      auto job = submit(files);
      run();
      BOOST_REQUIRE(work->requests().size() == 4u);
      complete(0, 1);
      caf::anon_send_exit(parts[i](*files), caf::exit_reason::kill);
      run();
      BOOST_TEST(files->launches == 2u);
      BOOST_TEST((work->aborted == std::vector{job})); // The requests of the dead life are stopped.
      BOOST_REQUIRE(work->requests().size() == 7u);
      complete(4, 3);
      auto p = status(job);
      BOOST_TEST((p.state == job_state::completed));
      BOOST_TEST(p.restarts == 1u);
      BOOST_TEST(p.completed == 4u);
      BOOST_TEST(files->lines.size() == 4u);
      BOOST_TEST(files->gaps == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_job_that_keeps_dying_ends_when_its_budget_is_used_up) {
  auto files = make_files(3);
  auto job = submit(files);
  run();
  for (int i = 0; i < 10 && status(job).state == job_state::running; ++i) {
    caf::anon_send_exit(files->coordinator, caf::exit_reason::kill);
    run();
  }
  BOOST_TEST((status(job).state == job_state::aborted));
  BOOST_TEST((status(job).cause.code == errc::internal));
  BOOST_TEST(files->launches == 6u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_job_and_is_not_tried_again) {
  auto files = make_files(2);
  auto job = submit(files);
  join(2);
  files->sink_fails = error{errc::disk_full, "out.jsonl: no space left"};
  complete(0, 2);
  BOOST_TEST((status(job).state == job_state::aborted));
  BOOST_TEST((status(job).cause.code == errc::disk_full));
  BOOST_TEST(status(job).cause.context == "out.jsonl: no space left");
  BOOST_TEST(files->launches == 1u);
}

BOOST_AUTO_TEST_CASE(restarts_of_jobs_leak_no_slots) {
  join(4);
  auto files = make_files(40);
  submit(files);
  run();
  for (int i = 0; i < 4; ++i) {
    caf::anon_send_exit(files->coordinator, caf::exit_reason::kill);
    run();
  }
  BOOST_TEST(status(1).in_flight == 4u);
  // The node reports the aborted hand-outs late.
  for (uint32_t life = 1; life <= 4; ++life)
    self->send(aut, atom::freed_v, slot_return{1, 1, 4, life});
  run();
  BOOST_TEST(status(1).in_flight == 4u);
}

BOOST_AUTO_TEST_CASE(a_stop_that_comes_while_a_job_is_opened_is_kept) {
  join(4);
  auto files = make_files(6);
  local_submission job;
  job.options.mode = core::mode::parallel;
  job.launcher = std::make_shared<test::memory_launcher>(files);
  self->send(aut, atom::submit_v, job);
  self->send(aut, atom::cancel_v, uint64_t{1});
  run();
  auto p = status(1);
  BOOST_TEST((p.state == job_state::cancelled));
  BOOST_TEST(p.cancelled == 6u);
  BOOST_TEST(work->requests().empty());
}

BOOST_AUTO_TEST_CASE(a_drained_job_that_dies_stays_drained) {
  join(2);
  auto files = make_files(6);
  submit(files);
  self->send(aut, atom::drain_v, uint64_t{1});
  run();
  caf::anon_send_exit(files->coordinator, caf::exit_reason::kill);
  run();
  BOOST_TEST((status(1).state == job_state::interrupted));
  BOOST_TEST(work->requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_death_of_the_engine_takes_its_jobs) {
  auto files = make_files(3);
  submit(files);
  run();
  self->monitor(files->sink);
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; }, caf::after(0s) >> [] {});
  BOOST_TEST(down);
}

BOOST_AUTO_TEST_SUITE_END()
