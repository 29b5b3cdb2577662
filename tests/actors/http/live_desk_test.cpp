#include "actors/http/live_desk.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_node.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// What the one who waits has heard.
struct heard {
  std::string text;
  std::vector<std::function<void(uint64_t)>> taken;
  std::optional<core::outcome> end;
};

class waiter : public live_waiter {
public:
  explicit waiter(std::shared_ptr<heard> to) : to_{std::move(to)} {}
  void part(const stream_part& p, std::function<void(uint64_t)> taken) override {
    to_->text += *p.bytes;
    to_->taken.push_back(std::move(taken));
  }
  void ended(const core::outcome& o) override {
    BOOST_TEST(!to_->end.has_value());
    to_->end = o;
  }

private:
  std::shared_ptr<heard> to_;
};

struct fixture : test::deterministic_system {
  fixture() {
    options.slot_share = 0.25;
    options.waiting_max = 6;
  }

  void open() { desk = spawn(actors::live_desk, options); }

  /// A node with so many slots for jobs.
  void join(uint64_t id, uint32_t slots) {
    logs[id] = std::make_shared<test::node_log>();
    nodes[id] = spawn(test::fake_node, logs[id]);
    self->send(desk, atom::slots_v, nodes[id], id, slots);
    run();
  }

  std::shared_ptr<heard> submit(uint64_t id, bool streams = false,
                                core::priority p = core::priority::interactive) {
    auto to = std::make_shared<heard>();
    live_request r;
    r.id = id;
    r.tenant = "t";
    r.priority = p;
    r.what = test::make_request(id);
    r.streams = streams;
    r.patience = 10s;
    r.waiter = std::make_shared<waiter>(to);
    self->send(desk, atom::submit_v, std::move(r));
    run();
    return to;
  }

  assigned_request last(uint64_t node) const { return logs.at(node)->requests().back(); }

  void report(uint64_t node, report_kind kind, errc code = errc::server_error) {
    const auto req = last(node);
    core::outcome o;
    o.index = req.key.index;
    o.attempts = req.attempts_before + 1;
    o.state = kind == report_kind::finished && code == errc::internal
                ? core::outcome_state::completed
                : core::outcome_state::failed;
    if (o.state == core::outcome_state::failed)
      o.failure = error{code, "said the test"};
    self->send(desk, atom::report_v,
               report_batch{node, {work_report{req.key, kind, make_shared_value(std::move(o))}}});
    run();
  }
  void complete(uint64_t node) { report(node, report_kind::finished, errc::internal); }

  void part(uint64_t node, std::string text, bool end = false) {
    stream_part p;
    p.key = last(node).key;
    p.size = text.size();
    if (!end)
      p.bytes = core::make_payload(std::move(text));
    p.end = end;
    self->send(desk, atom::part_v, std::move(p));
    run();
  }

  actors::live_desk_options options;
  live_desk_actor desk;
  std::map<uint64_t, std::shared_ptr<test::node_log>> logs;
  std::map<uint64_t, node_actor> nodes;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(live_desk_suite, fixture)

BOOST_AUTO_TEST_CASE(a_request_goes_to_the_node_with_the_most_room) {
  open();
  join(1, 4); // One live slot.
  join(2, 16);
  auto a = submit(1), b = submit(2), c = submit(3);
  BOOST_TEST(logs[1]->requests().size() == 0u);
  BOOST_TEST(logs[2]->requests().size() == 3u);
  auto d = submit(4), e = submit(5), f = submit(6);
  BOOST_TEST(logs[1]->requests().size() == 1u);
  BOOST_TEST(logs[2]->assigned.at(0).tenant == "t");
  BOOST_TEST(is_live(logs[2]->assigned.at(0).job));
  complete(1);
  BOOST_TEST(d->end.has_value());
  BOOST_TEST(last(1).key.index == 6u); // It had to wait for the slot.
}

BOOST_AUTO_TEST_CASE(priorities_go_first_and_a_full_queue_refuses) {
  open();
  join(1, 1);
  submit(1);
  auto bulk = submit(2, false, core::priority::bulk);
  submit(3);
  complete(1);
  BOOST_TEST(last(1).key.index == 3u);
  for (uint64_t id = 4; id < 9; ++id)
    submit(id);
  auto refused = submit(9);
  BOOST_REQUIRE(refused->end.has_value());
  BOOST_TEST((refused->end->failure->code == errc::overflow));
  BOOST_TEST(!bulk->end.has_value());
}

BOOST_AUTO_TEST_CASE(patience_ends_without_a_node_or_a_slot) {
  open();
  auto alone = submit(1);
  advance(9900ms);
  BOOST_TEST(!alone->end.has_value());
  advance(300ms);
  BOOST_REQUIRE(alone->end.has_value());
  BOOST_TEST((alone->end->failure->code == errc::unavailable));
  BOOST_TEST(alone->end->failure->context.find("node") != std::string::npos);
  join(1, 1);
  submit(2);
  auto waits = submit(3);
  advance(11s);
  BOOST_TEST(waits->end.has_value());
  advance(1h); // Nothing is left to do.
  BOOST_TEST(!next_timer().has_value());
}

BOOST_AUTO_TEST_CASE(a_lost_node_gives_its_requests_to_another) {
  open();
  join(1, 4);
  auto a = submit(1);
  const auto first = last(1).key;
  join(2, 4);
  self->send(desk, atom::lost_v, uint64_t{1});
  run();
  BOOST_TEST(last(2).key.index == 1u);
  BOOST_TEST(last(2).key.epoch > first.epoch);
  // A late report of the dead node does not count.
  self->send(desk, atom::report_v,
             report_batch{
               1, {work_report{first, report_kind::finished, make_shared_value(core::outcome{})}}});
  run();
  BOOST_TEST(!a->end.has_value());
  complete(2);
  BOOST_TEST((a->end->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(what_comes_back_too_often_fails) {
  open();
  join(1, 4);
  auto a = submit(1);
  for (int n = 0; n < 3; ++n) {
    report(1, report_kind::given_back);
    BOOST_TEST(!a->end.has_value());
  }
  BOOST_TEST(last(1).attempts_before == 3u);
  report(1, report_kind::lost);
  BOOST_REQUIRE(a->end.has_value());
  BOOST_TEST((a->end->failure->code == errc::unavailable));
}

BOOST_AUTO_TEST_CASE(closed_lanes_are_asked_again_until_patience_ends) {
  open();
  join(1, 4);
  auto a = submit(1);
  report(1, report_kind::held, errc::unavailable);
  BOOST_TEST(logs[1]->requests().size() == 1u);
  advance(400ms);
  BOOST_TEST(logs[1]->requests().size() == 2u);
  for (int n = 0; n < 60 && !a->end; ++n) {
    report(1, report_kind::held, errc::rate_limited);
    advance(400ms);
  }
  BOOST_REQUIRE(a->end.has_value());
  BOOST_TEST((a->end->failure->code == errc::rate_limited));
}

BOOST_AUTO_TEST_CASE(a_stream_ends_after_its_last_part_in_either_order) {
  open();
  join(1, 8);
  auto a = submit(1, true);
  BOOST_TEST(last(1).streams);
  part(1, "one ");
  complete(1); // The report overtakes the last parts.
  BOOST_TEST(!a->end.has_value());
  part(1, "two");
  part(1, "", true);
  BOOST_TEST(a->text == "one two");
  BOOST_REQUIRE(a->end.has_value());
  auto b = submit(2, true);
  part(1, "x");
  part(1, "", true);
  BOOST_TEST(!b->end.has_value());
  complete(1);
  BOOST_TEST(b->end.has_value());
}

BOOST_AUTO_TEST_CASE(credit_goes_back_to_the_node) {
  open();
  join(1, 8);
  auto a = submit(1, true);
  part(1, "12345");
  a->taken.at(0)(5);
  run();
  BOOST_TEST(logs[1]->credit == 5u);
  complete(1);
  part(1, "", true);
  a->taken.at(0)(5); // Too late: nobody needs it.
  run();
  BOOST_TEST(logs[1]->credit == 5u);
}

BOOST_AUTO_TEST_CASE(a_begun_stream_is_never_sent_again) {
  open();
  join(1, 8);
  join(2, 4);
  auto a = submit(1, true);
  part(1, "one");
  self->send(desk, atom::lost_v, uint64_t{1});
  run();
  BOOST_TEST(logs[2]->requests().empty());
  BOOST_REQUIRE(a->end.has_value());
  BOOST_TEST((a->end->state == core::outcome_state::failed));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_is_forgotten) {
  open();
  join(1, 4);
  auto a = submit(1), b = submit(2);
  self->send(desk, atom::cancel_v, uint64_t{2}); // It waits.
  self->send(desk, atom::cancel_v, uint64_t{1});
  self->send(desk, atom::cancel_v, uint64_t{99});
  run();
  BOOST_REQUIRE(logs[1]->aborted_keys.size() == 1u);
  BOOST_TEST(logs[1]->aborted_keys[0].index == 1u);
  auto c = submit(3);
  BOOST_TEST(logs[1]->requests().size() == 1u); // Its slot is in use until the node says so.
  report(1, report_kind::given_back);
  BOOST_TEST(last(1).key.index == 3u);
  complete(1);
  BOOST_TEST(c->end.has_value());
  BOOST_TEST(!a->end.has_value());
  BOOST_TEST(!b->end.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
