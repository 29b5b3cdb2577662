#include "actors/worker.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_limiter.hpp"
#include "tests/support/fake_node.hpp"

#include <stdexcept>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// The OpenAI protocol, but with a body that takes the worker down.
class throwing_protocol : public core::protocol {
public:
  std::string_view name() const noexcept override { return "throwing"; }
  core::charge_rule charging() const noexcept override { return core::charge_rule::openai; }
  result<core::http_request> encode(const core::request&, std::string_view, std::string_view,
                                    std::string_view) const override {
    return core::http_request{};
  }
  core::verdict decode(const core::request&, const core::http_response&,
                       std::chrono::system_clock::time_point) const override {
    throw std::runtime_error{"a bug"};
  }
};

const throwing_protocol throwing;

struct fixture : test::deterministic_system {
  std::shared_ptr<test::fake_upstream> upstream = std::make_shared<test::fake_upstream>();
  std::shared_ptr<test::limiter_log> lane = std::make_shared<test::limiter_log>();
  std::shared_ptr<test::node_log> log = std::make_shared<test::node_log>();
  std::shared_ptr<actors::worker_setup> setup = std::make_shared<actors::worker_setup>();
  actors::worker_task task;
  wiring wires{spawn(test::fake_http, upstream), {spawn(test::fake_limiter, lane)}};
  node_actor node = spawn(test::fake_node, log);

  fixture() {
    setup->protocol = core::find_protocol("openai");
    setup->base_url = "http://upstream";
    setup->routes.push_back({"default", {}});
    task.request = {{7, 3, 1}, test::make_request(3), 0, 0, {}, {}};
    task.id = 0x100000001;
    task.client_id = "run";
  }

  worker_actor start() {
    auto aut = spawn(actors::worker, std::shared_ptr<const actors::worker_setup>{setup}, task,
                     wires, node);
    run();
    return aut;
  }

  /// What became of the request: exactly one report, and every permit settled exactly once.
  const work_report& end() {
    BOOST_REQUIRE(log->reports.size() == 1u);
    for (auto& asked : lane->asked)
      BOOST_TEST(lane->settlements(asked.id) <= 1u);
    for (auto& call : upstream->calls)
      BOOST_TEST(lane->settlements(call.id) == 1u);
    BOOST_TEST((log->reports[0].key.index == 3u && log->reports[0].key.epoch == 1u));
    return log->reports[0];
  }

  void answer_in_turn(std::vector<test::fake_answer> answers) {
    upstream->script = [this, answers](auto&) {
      return answers[std::min(upstream->calls.size() - 1, answers.size() - 1)];
    };
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_suite, fixture)

BOOST_AUTO_TEST_CASE(a_good_answer_ends_in_a_completed_outcome_and_a_settled_permit) {
  start();
  BOOST_TEST(log->reports.empty());
  advance(10ms);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 1u);
  BOOST_TEST(report.outcome->custom_id == "id-3");
  BOOST_TEST(report.outcome->used.output_tokens == 5u);
  BOOST_TEST((report.outcome->upstream == 10ms));
  BOOST_REQUIRE(lane->settled.size() == 1u);
  BOOST_TEST(lane->settled[0].used.input_tokens == 10u);
  BOOST_TEST(lane->settled[0].sent);
  BOOST_TEST(upstream->calls[0].client_id == "run-3");
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_without_a_permit) {
  lane->grants = false;
  start();
  advance(1h);
  BOOST_TEST(upstream->calls.empty());
  BOOST_TEST(log->reports.empty());
}

BOOST_AUTO_TEST_CASE(a_server_error_is_tried_again_after_a_backoff_and_a_new_permit) {
  answer_in_turn({test::answer_with(500, "{}"), test::completion("yes")});
  start();
  advance(10ms);
  BOOST_TEST(lane->settled.size() == 1u);
  advance(600ms);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 2u);
  BOOST_REQUIRE(lane->asked.size() == 2u);
  BOOST_TEST(lane->asked[0].id != lane->asked[1].id);
  BOOST_TEST(upstream->calls[0].client_id == upstream->calls[1].client_id);
}

BOOST_AUTO_TEST_CASE(used_up_attempts_degrade_the_request) {
  answer_in_turn({test::answer_with(500, "{}")});
  task.attempts_max = 3;
  start();
  advance(1min);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::degraded));
  BOOST_TEST(report.outcome->attempts == 3u);
  BOOST_TEST((report.outcome->failure->code == errc::server_error));
}

BOOST_AUTO_TEST_CASE(in_the_last_mode_used_up_attempts_fail_the_request_for_good) {
  answer_in_turn({test::broken_with(core::transport_error::reset)});
  task.attempts_max = 6;
  task.ran_as = core::mode::sequential;
  task.request.attempts_before = 4; // They count: two are left.
  start();
  advance(5min);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->state == core::outcome_state::failed));
  BOOST_TEST(report.outcome->attempts == 6u);
}

BOOST_AUTO_TEST_CASE(a_429_asks_the_lane_again_at_once_and_burns_no_attempt) {
  std::vector<test::fake_answer> answers(
    7, test::answer_with(429, R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})",
                         {{"retry-after", "2"}}));
  answers.push_back(test::answer_with(429, R"({"error":{"message":"slow"}})"));
  answers.push_back(test::completion("yes"));
  answer_in_turn(answers);
  task.attempts_max = 2;
  start();
  advance(100ms);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 9u);
  BOOST_TEST(report.outcome->rate_limited == 8u);
  BOOST_REQUIRE(lane->settled.size() == 9u);
  BOOST_TEST((lane->settled[0].retry_after == caf::timespan{2s}));
  BOOST_TEST(!lane->settled[7].retry_after);
}

BOOST_AUTO_TEST_CASE(a_bad_request_fails_at_once) {
  answer_in_turn({test::answer_with(400, R"({"error":{"message":"no such field"}})")});
  start();
  advance(1s);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::finished));
  BOOST_TEST((report.outcome->failure->code == errc::bad_request));
  BOOST_TEST(report.outcome->attempts == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_key_aborts_the_job) {
  answer_in_turn({test::answer_with(401, R"({"error":{"message":"bad key"}})")});
  start();
  advance(1s);
  BOOST_TEST((end().kind == report_kind::aborting));
}

BOOST_AUTO_TEST_CASE(a_closed_lane_holds_the_request) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::refused_v, lane->asked[0].id, error{errc::unavailable, "breaker"});
  run();
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::held));
  BOOST_TEST(report.outcome->attempts == 0u);
}

BOOST_AUTO_TEST_CASE(an_overflowing_lane_is_asked_again_later) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::refused_v, lane->asked[0].id, error{errc::overflow, "full"});
  run();
  lane->grants = true;
  BOOST_TEST(lane->asked.size() == 1u);
  advance(1s);
  BOOST_TEST((end().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(no_attempt_begins_that_the_deadline_forbids) {
  answer_in_turn({test::answer_with(503, "{}", {{"retry-after", "60"}})});
  task.time_left = 10s;
  start();
  advance(1s);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::expired));
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_model_without_a_lane_fails_with_its_name) {
  setup->routes[0].models = {"other-*"};
  start();
  auto& report = end();
  BOOST_TEST((report.outcome->failure->code == errc::invalid_config));
  BOOST_TEST(report.outcome->failure->context.find("\"m\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unsendable_request_gives_its_permit_back) {
  core::request bad = *task.request.what;
  bad.method = "DELETE";
  task.request.what = make_shared_value(bad);
  start();
  BOOST_TEST((end().outcome->failure->code == errc::invalid_input));
  BOOST_REQUIRE(lane->settled.size() == 1u);
  BOOST_TEST(!lane->settled[0].sent);
}

BOOST_AUTO_TEST_CASE(an_abort_while_asking_withdraws_and_gives_the_request_back) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::abort_v);
  run();
  BOOST_TEST((end().kind == report_kind::given_back));
  BOOST_TEST((lane->withdrawn == std::vector{lane->asked[0].id}));
}

BOOST_AUTO_TEST_CASE(a_grant_that_crosses_an_abort_does_not_stay_outstanding) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::abort_v);
  self->send(aut, atom::granted_v, core::permit{lane->asked[0].id, 1, 1, false});
  run();
  BOOST_TEST((end().kind == report_kind::given_back));
  BOOST_TEST(lane->settlements(lane->asked[0].id) == 1u);
  BOOST_TEST(upstream->calls.empty());
}

BOOST_AUTO_TEST_CASE(an_abort_while_sending_stops_the_exchange_and_counts_the_attempt) {
  answer_in_turn({test::completion("late", 1h)});
  auto aut = start();
  self->send(aut, atom::abort_v);
  run();
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::given_back));
  BOOST_TEST(report.outcome->attempts == 1u);
  BOOST_TEST(upstream->calls[0].aborted);
  BOOST_TEST(lane->settled[0].abandoned);
}

BOOST_AUTO_TEST_CASE(a_drain_while_asking_gives_the_request_back) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST((end().kind == report_kind::given_back));
  BOOST_TEST((lane->withdrawn == std::vector{lane->asked[0].id}));
}

BOOST_AUTO_TEST_CASE(a_drain_while_sending_waits_for_the_answer) {
  answer_in_turn({test::completion("late", 1h)});
  auto aut = start();
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST(!upstream->calls[0].aborted);
  advance(1h);
  BOOST_TEST((end().kind == report_kind::finished));
}

BOOST_AUTO_TEST_CASE(a_drain_while_sending_begins_no_further_attempt) {
  answer_in_turn({test::answer_with(500, "{}", {{"retry-after", "30"}})});
  auto aut = start();
  self->send(aut, atom::drain_v);
  advance(10ms);
  BOOST_TEST((end().kind == report_kind::given_back));
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_abort_while_backing_off_gives_the_request_back) {
  answer_in_turn({test::answer_with(500, "{}", {{"retry-after", "30"}})});
  auto aut = start();
  advance(10ms);
  self->send(aut, atom::abort_v);
  run();
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::given_back));
  BOOST_TEST(report.outcome->attempts == 1u);
  advance(1h);
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_abort_that_crosses_a_failure_makes_no_further_attempt) {
  for (int status : {500, 429}) {
    BOOST_TEST_CONTEXT("status " << status) {
      *lane = {};
      *log = {};
      upstream->calls.clear();
      answer_in_turn({test::completion("never", -1s)});
      auto aut = start();
      auto answer = test::answer_with(status, "{}").response;
      self->send(aut, atom::abort_v);
      // The abort finds the exchange ended already: its reply is on the way to the worker.
      self->send(aut, atom::reply_v, exchange_reply{upstream->calls[0].id,
                                                    std::make_shared<core::http_response>(answer)});
      run();
      advance(1h);
      BOOST_TEST(upstream->calls.size() == 1u);
      BOOST_TEST((end().kind == report_kind::given_back));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_crosses_an_abort_is_kept) {
  answer_in_turn({test::completion("never", -1s)});
  auto aut = start();
  self->send(aut, atom::abort_v);
  self->send(aut, atom::reply_v,
             exchange_reply{upstream->calls[0].id, std::make_shared<core::http_response>(
                                                     test::completion("yes").response)});
  run();
  BOOST_TEST((end().outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(a_new_limiter_is_asked_again) {
  lane->grants = false;
  auto aut = start();
  auto lane2 = std::make_shared<test::limiter_log>();
  self->send(aut, atom::rewire_v, wiring{wires.http, {spawn(test::fake_limiter, lane2)}});
  run();
  BOOST_TEST(lane2->asked.size() == 1u);
  advance(10ms);
  BOOST_REQUIRE(log->reports.size() == 1u);
  BOOST_TEST(lane2->settled.size() == 1u);
  BOOST_TEST(lane->settled.empty());
}

BOOST_AUTO_TEST_CASE(a_new_limiter_learns_of_the_permit_in_use) {
  auto aut = start();
  auto lane2 = std::make_shared<test::limiter_log>();
  self->send(aut, atom::rewire_v, wiring{wires.http, {spawn(test::fake_limiter, lane2)}});
  run();
  BOOST_REQUIRE(lane2->adopted.size() == 1u);
  BOOST_TEST(lane2->adopted[0].id == lane->asked[0].id);
  advance(10ms);
  BOOST_TEST(lane2->settlements(lane->asked[0].id) == 1u);
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_limiter_during_a_backoff_is_asked_at_its_end) {
  answer_in_turn({test::answer_with(500, "{}", {{"retry-after", "5"}}), test::completion("yes")});
  auto aut = start();
  advance(10ms);
  auto lane2 = std::make_shared<test::limiter_log>();
  self->send(aut, atom::rewire_v, wiring{wires.http, {spawn(test::fake_limiter, lane2)}});
  run();
  BOOST_TEST(lane2->asked.empty());
  advance(10s);
  BOOST_TEST(lane2->asked.size() == 1u);
  BOOST_TEST((log->reports.at(0).outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(a_new_http_client_means_a_broken_connection) {
  answer_in_turn({test::completion("lost", 1h), test::completion("yes")});
  auto aut = start();
  self->send(aut, atom::rewire_v, wiring{spawn(test::fake_http, upstream), wires.limiters});
  run();
  BOOST_REQUIRE(lane->settled.size() == 1u);
  BOOST_TEST((lane->settled[0].kind == core::reply_kind::transport));
  advance(2s);
  auto& report = end();
  BOOST_TEST((report.outcome->state == core::outcome_state::completed));
  BOOST_TEST(report.outcome->attempts == 2u);
}

BOOST_AUTO_TEST_CASE(a_new_http_client_does_not_trouble_a_worker_without_an_exchange) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::rewire_v, wiring{spawn(test::fake_http, upstream), wires.limiters});
  run();
  self->send(aut, atom::granted_v, core::permit{lane->asked[0].id, 1, 1, false});
  run();
  advance(10ms);
  BOOST_TEST(end().outcome->attempts == 1u);
}

BOOST_AUTO_TEST_CASE(a_killed_worker_reports_its_loss_in_every_phase) {
  struct phase {
    const char* name;
    bool grants;
    test::fake_answer answer;
    size_t sent;
  };
  const std::vector<phase> phases{
    {"asking", false, test::completion("never"), 0},
    {"sending", true, test::completion("late", 1h), 1},
    {"backing off", true, test::answer_with(500, "{}", {{"retry-after", "30"}}, 0ms), 1}};
  for (auto& p : phases) {
    BOOST_TEST_CONTEXT(p.name) {
      *lane = {};
      *log = {};
      *upstream = {};
      lane->grants = p.grants;
      answer_in_turn({p.answer});
      auto aut = start();
      advance(1ms);
      caf::anon_send_exit(aut, caf::exit_reason::kill);
      run();
      auto& report = end();
      BOOST_TEST((report.kind == report_kind::lost));
      BOOST_TEST(upstream->calls.size() == p.sent);
      BOOST_TEST(lane->settlements(lane->asked[0].id) == 1u);
      BOOST_REQUIRE(report.outcome); // What was spent must not be forgotten.
      BOOST_TEST(report.outcome->attempts == p.sent);
      advance(2h);
      BOOST_TEST(log->reports.size() == 1u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_killed_worker_stops_its_exchange) {
  answer_in_turn({test::completion("late", 1h)});
  auto aut = start();
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  BOOST_TEST(upstream->calls[0].aborted);
  BOOST_TEST(lane->settled[0].sent);
  BOOST_TEST(lane->settled[0].abandoned);
}

BOOST_AUTO_TEST_CASE(an_exception_loses_the_request_but_not_its_permit) {
  setup->protocol = &throwing;
  start();
  advance(10ms);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::lost));
  BOOST_TEST(lane->settled.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
