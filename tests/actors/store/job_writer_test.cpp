#include "tests/support/job_store_actors.hpp"
#include "tests/support/job_store_wrapper.hpp"
#include "tests/support/size_limit.hpp"

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// Counts the calls of the actor to its store.
class counted_store : public job_store_wrapper {
public:
  using job_store_wrapper::job_store_wrapper;

  result<bool> sweep(io::unix_ms ended, io::unix_ms received, uint32_t rows) override {
    ++sweeps;
    return job_store_wrapper::sweep(ended, received, rows);
  }
  result<void> commit() override {
    ++commits;
    return job_store_wrapper::commit();
  }

  int commits = 0, sweeps = 0;
};

struct fixture : job_store_actors {
  std::shared_ptr<counted_store> counted;

  void start(bool durable = true, actors::job_writer_options options = {}) {
    counted = std::make_shared<counted_store>(durable ? must(io::open_job_store(dir / "jobs.db"))
                                                      : io::make_memory_job_store());
    job_store_actors::start(counted, options);
  }
  void stop() {
    counted.reset();
    job_store_actors::stop();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(job_writer_actor_suite, fixture)

BOOST_AUTO_TEST_CASE(a_submission_is_answered_when_it_is_safe) {
  start();
  const auto ticket = ask<job_ticket>(writer, atom::submit_v, job_of(3, "k"));
  BOOST_TEST(ticket.accepted == 3u);
  BOOST_TEST(ticket.complete);
  BOOST_TEST(!ticket.existed);
  BOOST_TEST(counted->commits == 1);
  BOOST_TEST(ask<job_ticket>(writer, atom::submit_v, job_of(3, "k")).existed);
}

BOOST_AUTO_TEST_CASE(what_waits_together_is_made_safe_together) {
  start();
  using answer = decltype(self->request(writer, caf::infinite, atom::submit_v, job_of(1)));
  std::vector<answer> pending;
  for (int i = 0; i < 50; ++i)
    pending.push_back(self->request(writer, caf::infinite, atom::submit_v, job_of(1)));
  run();
  uint64_t last = 0;
  for (auto& p : pending)
    p.receive([&](const job_ticket& t) { BOOST_TEST(t.job == ++last); },
              [&](const caf::error& e) { BOOST_FAIL(caf::to_string(e)); });
  BOOST_TEST(counted->commits == 1);
}

BOOST_AUTO_TEST_CASE(a_group_has_bounds) {
  start();
  using answer = decltype(self->request(writer, caf::infinite, atom::submit_v, job_of(1)));
  std::vector<answer> pending;
  for (int i = 0; i < 8; ++i)
    pending.push_back(self->request(writer, caf::infinite, atom::submit_v, job_of(300)));
  for (int i = 0; i < 3; ++i) {
    auto big = job_of(0);
    big.requests = message_requests(0, 1, 5u << 20);
    pending.push_back(self->request(writer, caf::infinite, atom::submit_v, std::move(big)));
  }
  run();
  for (auto& p : pending)
    p.receive([](const job_ticket&) {},
              [&](const caf::error& e) { BOOST_FAIL(caf::to_string(e)); });
  BOOST_TEST(counted->commits == 8 + 3);
}

BOOST_AUTO_TEST_CASE(a_small_submission_does_not_wait_behind_large_ones) {
  start();
  auto begun = job_of(0);
  begun.complete = false;
  const auto job = ask<job_ticket>(writer, atom::submit_v, begun).job;
  const auto before = counted->commits;
  for (uint64_t i = 0; i < 10; ++i)
    self->send(writer, atom::add_v,
               submission_part{job, i * 400, message_requests(i * 400, i * 400 + 400), i == 9});
  auto small = self->request(writer, caf::infinite, atom::submit_v, job_of(1));
  // It is answered with the first group. The parts keep their order.
  while (counted->commits == before && sched.has_job())
    sched.run_once();
  BOOST_TEST(must(must(store->open_reader())->rows({"", false, 0, 1}))[0].requests == 1u);
  run();
  small.receive([](const job_ticket&) {}, [](const caf::error&) { BOOST_FAIL("refused"); });
  BOOST_TEST(ask<job_info>(reader, atom::info_v, job).requests == 4000u);
  BOOST_TEST((ask<job_info>(reader, atom::info_v, job).progress.state == job_state::running));
}

BOOST_AUTO_TEST_CASE(a_refusal_names_what_is_wrong) {
  start();
  auto why = failure_of<job_ticket>(writer, atom::add_v, submission_part{17, 0, {}, true});
  BOOST_TEST((why.code == errc::not_found));
  BOOST_TEST(why.context.find("no job 17") != std::string::npos, why.context);
  submission_part gap;
  gap.job = submit(2);
  gap.first = 5;
  gap.requests = message_requests(5, 6);
  why = failure_of<job_ticket>(writer, atom::add_v, gap);
  BOOST_TEST((why.code == errc::invalid_input));
  BOOST_TEST(why.context.find("go on with 2") != std::string::npos, why.context);
  auto hollow = job_of(1);
  hollow.requests.push_back(nullptr);
  BOOST_TEST((failure_of<job_ticket>(writer, atom::submit_v, hollow).code == errc::invalid_input));
  BOOST_TEST((failure_of<stored_job>(writer, atom::open_v, uint64_t{99}).code == errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_job_is_taken_up_as_it_was_described) {
  start();
  auto what = job_of(2);
  what.complete = false;
  const auto job = ask<job_ticket>(writer, atom::submit_v, what).job;
  BOOST_TEST((failure_of<stored_job>(writer, atom::open_v, job).code == errc::invalid_input));
  BOOST_TEST(ask<std::vector<uint64_t>>(writer, atom::jobs_v).empty());
  BOOST_TEST(
    ask<job_ticket>(writer, atom::add_v, submission_part{job, 2, message_requests(2, 4), true})
      .complete);
  const auto taken = ask<stored_job>(writer, atom::open_v, job);
  BOOST_TEST(taken.life == 1u);
  BOOST_TEST(taken.name == "in.jsonl");
  BOOST_TEST(taken.tenant == "t");
  BOOST_TEST(taken.options.seed == 7u);
  BOOST_REQUIRE(taken.options.prices.size() == 1u);
  BOOST_TEST(taken.options.prices[0].output == 2);
  BOOST_TEST(taken.total == 4u);
  BOOST_TEST(taken.first == 0u);
}

BOOST_AUTO_TEST_CASE(the_next_head_goes_on_where_this_one_died) {
  start();
  const auto job = submit(4);
  const auto ended = submit(1);
  ask<stored_job>(writer, atom::open_v, job);
  BOOST_TEST(ask<bool>(writer, atom::write_v, job,
                       std::vector{item(0), item(2, core::outcome_state::failed)}));
  job_progress done;
  done.state = job_state::completed;
  done.packs = 3;
  BOOST_TEST(ask<bool>(writer, atom::finished_v, ended, done));
  stop();
  start();
  BOOST_TEST((ask<std::vector<uint64_t>>(writer, atom::jobs_v) == std::vector<uint64_t>{job}));
  const auto taken = ask<stored_job>(writer, atom::open_v, job);
  BOOST_TEST(taken.life == 2u);
  BOOST_TEST(taken.first == 1u);
  BOOST_TEST((taken.recorded == std::vector<uint64_t>{2}));
  BOOST_TEST(taken.before.completed == 1u);
  BOOST_TEST(taken.before.failed == 1u);
  BOOST_TEST(taken.before.resumed == 2u);
  BOOST_TEST(taken.before.cost == 0.002);
  BOOST_TEST((taken.before.state == job_state::running));
  const auto info = ask<job_info>(reader, atom::info_v, ended);
  BOOST_TEST((info.progress.state == job_state::completed));
  BOOST_TEST(info.progress.packs == 3u);
  BOOST_TEST(info.ended == wall);
}

BOOST_AUTO_TEST_CASE(an_interrupted_job_goes_on_and_an_aborted_one_waits_for_a_retry) {
  start();
  const auto one = submit(2);
  const auto two = submit(2);
  job_progress p;
  p.state = job_state::interrupted;
  p.changes.resize(1);
  ask<bool>(writer, atom::finished_v, one, p);
  p.state = job_state::aborted;
  p.cause = {errc::billing, "no money"};
  ask<bool>(writer, atom::write_v, two, std::vector{item(0, core::outcome_state::failed)});
  ask<bool>(writer, atom::finished_v, two, p);
  BOOST_TEST((ask<std::vector<uint64_t>>(writer, atom::jobs_v) == std::vector<uint64_t>{one}));
  BOOST_TEST((ask<job_info>(reader, atom::info_v, two).progress.cause.code == errc::billing));
  BOOST_TEST(ask<uint64_t>(writer, atom::retry_v, two) == 2u);
  BOOST_TEST((ask<std::vector<uint64_t>>(writer, atom::jobs_v) == std::vector<uint64_t>{one, two}));
  const auto taken = ask<stored_job>(writer, atom::open_v, two);
  BOOST_TEST(taken.first == 0u);
  BOOST_TEST(taken.before.changes.size() == 1u); // The changes are kept,
  BOOST_TEST(taken.before.failed == 0u);         // but counts begin with the stored outcomes.
  BOOST_TEST((taken.before.cause.context == ""));
}

BOOST_AUTO_TEST_CASE(options_of_another_version_are_never_taken_for_ours) {
  start();
  for (auto blob : {std::string{}, std::string("\0\0\1\0rest", 8), std::string("junk")}) {
    const auto job = must(store->submit({"t", {}, "", "", blob}, {}, true, wall)).job;
    const auto why = failure_of<stored_job>(writer, atom::open_v, job);
    BOOST_TEST((why.code == errc::incompatible || why.code == errc::corrupt), to_string(why));
    BOOST_TEST(why.context.find("job " + std::to_string(job) + " cannot be taken up") !=
                 std::string::npos,
               why.context);
  }
}

BOOST_AUTO_TEST_CASE(a_failed_disk_reaches_everybody_and_ends_the_store) {
  start();
  self->monitor(writer);
  ask<job_ticket>(writer, atom::submit_v, job_of(1));
  using answer = decltype(self->request(writer, caf::infinite, atom::submit_v, job_of(1)));
  std::vector<answer> pending;
  {
    size_limit full{200'000};
    for (int i = 0; i < 5; ++i)
      pending.push_back(self->request(writer, caf::infinite, atom::submit_v, job_of(600)));
    run();
  }
  for (auto& p : pending)
    p.receive([](const job_ticket&) { BOOST_FAIL("nothing is safe"); },
              [](const caf::error& e) {
                BOOST_TEST((from_caf(e).code == errc::disk_full), from_caf(e).context);
              });
  std::optional<error> end;
  self->receive([&](const caf::down_msg& m) { end = from_caf(m.reason); }, caf::after(0s) >> [] {});
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST((end->code == errc::disk_full));
  BOOST_TEST(end->context.find("jobs.db") != std::string::npos, end->context);
  writer = nullptr;
  stop();
  start();
  BOOST_TEST(ask<std::vector<uint64_t>>(writer, atom::jobs_v).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_past_its_time_goes_in_small_steps) {
  for (bool durable : {true, false}) {
    start(durable, {.retention = 1h, .receive_patience = 24h, .sweep_every = 10min});
    const auto ended = submit(1800);
    job_progress done;
    done.state = job_state::cancelled;
    ask<bool>(writer, atom::finished_v, ended, done);
    auto unfinished = job_of(3);
    unfinished.complete = false;
    const auto silent = ask<job_ticket>(writer, atom::submit_v, unfinished).job;
    wall += 50 * 60 * 1000;
    advance(10min);
    BOOST_TEST(counted->sweeps == 1);
    BOOST_TEST(ask<job_info>(reader, atom::info_v, ended).requests == 1800u);
    wall += 11 * 60 * 1000;
    advance(10min);
    BOOST_TEST(counted->sweeps > 1 + 3);
    BOOST_TEST(ask<std::vector<job_info>>(reader, atom::jobs_v, job_filter{}).size() == 1u);
    wall += 25ll * 3600 * 1000;
    advance(10min);
    BOOST_TEST((failure_of<stored_job>(writer, atom::open_v, silent).code == errc::not_found));
    stop();
  }
}

BOOST_AUTO_TEST_CASE(a_retention_of_zero_is_for_ever) {
  start(false, {.retention = 0s});
  const auto ended = submit(1);
  job_progress done;
  done.state = job_state::completed;
  ask<bool>(writer, atom::finished_v, ended, done);
  wall += 1000ll * 24 * 3600 * 1000;
  advance(10min);
  BOOST_TEST(ask<job_info>(reader, atom::info_v, ended).id == ended);
}

BOOST_AUTO_TEST_SUITE_END()
