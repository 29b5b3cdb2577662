#include "tests/support/worker_fixture.hpp"

#include <stdexcept>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// The OpenAI protocol, but with a body that kills the worker.
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

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_stop_suite, test::worker_fixture)

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
      // The exchange has ended already when the abort comes: its reply is on its way to the worker.
      self->send(
        aut, atom::reply_v,
        exchange_reply{upstream->calls[0].id, std::make_shared<core::http_response>(answer)});
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

BOOST_AUTO_TEST_CASE(a_drain_lets_the_exchange_finish_and_begins_no_other) {
  answer_in_turn({test::answer_with(500, "{}", {}, 1s)});
  auto aut = start();
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST(log->reports.empty());
  advance(1h);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::given_back));
  BOOST_TEST(upstream->calls.size() == 1u);
  BOOST_TEST(!upstream->calls[0].aborted);
}

BOOST_AUTO_TEST_CASE(a_drain_gives_a_waiting_request_back_at_once) {
  lane->grants = false;
  auto aut = start();
  self->send(aut, atom::drain_v);
  run();
  BOOST_TEST((end().kind == report_kind::given_back));
  BOOST_TEST(lane->withdrawn.size() == 1u);
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
      BOOST_REQUIRE(report.outcome); // The cost must not be lost.
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
  setup->upstreams[0].protocol = &throwing;
  start();
  advance(10ms);
  auto& report = end();
  BOOST_TEST((report.kind == report_kind::lost));
  BOOST_TEST(lane->settled.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
