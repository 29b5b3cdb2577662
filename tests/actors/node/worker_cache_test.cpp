#include "actors/cache/response_cache.hpp"
#include "tests/support/worker_fixture.hpp"

using namespace penstock;
using namespace std::chrono_literals;
using core::cache_mode;

namespace {

/// Workers with a real cache.
struct fixture : test::worker_fixture {
  std::shared_ptr<io::response_store> store = io::make_memory_store({});
  uint64_t workers = 0;

  /// Gives the same store to every life of the cache.
  struct borrowed : io::response_store {
    std::shared_ptr<io::response_store> inner;
    explicit borrowed(std::shared_ptr<io::response_store> s) : inner{std::move(s)} {}
    result<std::optional<core::cached_answer>> find(const std::string& k,
                                                    io::unix_seconds t) override {
      return inner->find(k, t);
    }
    result<void> put(const std::vector<io::store_row>& r, io::unix_seconds t) override {
      return inner->put(r, t);
    }
    result<io::store_totals> totals() override { return inner->totals(); }
    result<uint64_t> clear(std::optional<io::unix_seconds> t) override { return inner->clear(t); }
  };

  fixture() { wires.cache = new_cache(false); }

  response_cache_actor new_cache(bool restarted) {
    actors::response_cache_setup s;
    s.open = [store = store] {
      return result<std::unique_ptr<io::response_store>>{std::make_unique<borrowed>(store)};
    };
    return spawn(actors::response_cache, s, restarted);
  }

  worker_actor start_at(uint64_t index, cache_mode mode = cache_mode::on, std::string tenant = "t",
                        std::string body = R"({"model":"m","messages":[]})") {
    core::request req = *test::make_request(index);
    req.body = core::make_payload(std::move(body));
    task.request = {{7, index, 1}, make_shared_value(std::move(req)), 0, 0, {}, {}};
    task.id = 0x100000000 + ++workers;
    task.cache = mode;
    task.tenant = std::move(tenant);
    return start();
  }

  cache_snapshot cache() { return ask<cache_snapshot>(wires.cache, atom::snapshot_v); }
  const work_report* report_of(uint64_t index) const {
    const auto at = std::find_if(log->reports.begin(), log->reports.end(),
                                 [&](auto& r) { return r.key.index == index; });
    return at == log->reports.end() ? nullptr : &*at;
  }
  void kill(const caf::actor& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(worker_cache_suite, fixture)

BOOST_AUTO_TEST_CASE(equal_requests_in_flight_cost_one_attempt) {
  for (uint64_t i = 0; i < 5; ++i)
    start_at(i);
  advance(10ms);
  BOOST_TEST(upstream->calls.size() == 1u);
  BOOST_TEST(lane->asked.size() == 1u);
  BOOST_REQUIRE(log->reports.size() == 5u);
  for (uint64_t i = 0; i < 5; ++i) {
    auto& r = *report_of(i);
    BOOST_TEST(
      (r.kind == report_kind::finished && r.outcome->state == core::outcome_state::completed));
    BOOST_TEST((r.outcome->index == i && r.outcome->custom_id == "id-" + std::to_string(i)));
    BOOST_TEST(*r.outcome->body == *report_of(0)->outcome->body);
    BOOST_TEST(r.outcome->cached == (i > 0));
    BOOST_TEST(r.joined == (i > 0));
    BOOST_TEST(r.outcome->attempts == (i > 0 ? 0u : 1u));
    BOOST_TEST(
      (r.outcome->upstream == 10ms)); // The time of the answer, for the sequential estimate.
    BOOST_TEST((r.last_attempt == (i > 0 ? 0ms : 10ms)));
  }
}

BOOST_AUTO_TEST_CASE(a_kept_answer_needs_neither_lane_nor_upstream) {
  start_at(0);
  advance(1s);
  start_at(1, cache_mode::read, "t", R"({"messages":[ ],"user":"other","model":"m"})");
  run();
  BOOST_TEST(upstream->calls.size() == 1u);
  BOOST_TEST(lane->asked.size() == 1u);
  auto& r = *report_of(1);
  BOOST_TEST((r.outcome->cached && !r.joined && r.outcome->attempts == 0u));
  BOOST_TEST(r.outcome->used.output_tokens == 5u);
}

BOOST_AUTO_TEST_CASE(tenants_bodies_and_jobs_without_a_cache_stay_apart) {
  start_at(0);
  start_at(1, cache_mode::on, "u");
  start_at(2, cache_mode::off);
  start_at(3, cache_mode::on, "t", R"({"model":"m","messages":[],"temperature":1})");
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 4u);
  for (auto& r : log->reports)
    BOOST_TEST(!r.outcome->cached);
}

BOOST_AUTO_TEST_CASE(an_error_is_never_kept_and_each_fails_for_itself) {
  answer_in_turn({test::answer_with(400, R"({"error":{"message":"no"}})")});
  for (uint64_t i = 0; i < 4; ++i)
    start_at(i);
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 4u);
  for (auto& r : log->reports)
    BOOST_TEST((r.outcome->state == core::outcome_state::failed && !r.outcome->cached));
  start_at(9);
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 5u);
  BOOST_TEST(store->totals().value().entries == 0u);
}

BOOST_AUTO_TEST_CASE(an_answer_cut_by_a_length_is_shared_but_not_kept) {
  answer_in_turn({test::answer_with(
    200, R"({"choices":[{"message":{"content":"x"},"finish_reason":"length"}]})")});
  start_at(0);
  start_at(1);
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 1u);
  start_at(2);
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 2u);
}

BOOST_AUTO_TEST_CASE(thoughts_without_an_answer_are_not_kept) {
  answer_in_turn({test::completion("<think>let me see</think> ")});
  start_at(0);
  advance(1s);
  start_at(1);
  advance(1s);
  BOOST_TEST(upstream->calls.size() == 2u);
  BOOST_TEST(store->totals().value().entries == 0u);
}

BOOST_AUTO_TEST_CASE(the_death_of_the_one_that_leads_lets_the_next_send) {
  upstream->script = [](auto&) { return test::completion("yes", 1min); };
  const auto first = start_at(0);
  start_at(1);
  start_at(2);
  kill(caf::actor_cast<caf::actor>(first));
  BOOST_TEST((report_of(0)->kind == report_kind::lost));
  BOOST_TEST(upstream->calls.size() == 2u);
  advance(1min);
  BOOST_TEST((report_of(1) && !report_of(1)->outcome->cached));
  BOOST_TEST((report_of(2) && report_of(2)->joined));
  BOOST_TEST(cache().in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(one_that_leads_and_is_stopped_hands_over) {
  upstream->script = [](auto&) { return test::completion("yes", 1min); };
  const auto first = start_at(0);
  start_at(1);
  self->send(first, atom::abort_v);
  run();
  BOOST_TEST((report_of(0)->kind == report_kind::given_back));
  BOOST_TEST(upstream->calls.size() == 2u);
  advance(1min);
  BOOST_TEST((report_of(1)->outcome->state == core::outcome_state::completed));
}

BOOST_AUTO_TEST_CASE(one_that_waits_can_be_stopped_drained_or_killed) {
  upstream->script = [](auto&) { return test::completion("yes", 1min); };
  start_at(0);
  const auto aborted = start_at(1), drained = start_at(2), killed = start_at(3);
  self->send(aborted, atom::abort_v);
  self->send(drained, atom::drain_v);
  kill(caf::actor_cast<caf::actor>(killed));
  BOOST_TEST((report_of(1)->kind == report_kind::given_back));
  BOOST_TEST((report_of(2)->kind == report_kind::given_back));
  BOOST_TEST((report_of(3)->kind == report_kind::lost));
  BOOST_TEST(lane->settled.empty());
  BOOST_TEST(cache().waiting == 0u);
  advance(1min);
  BOOST_TEST(upstream->calls.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_the_lane_holds_back_does_not_keep_others_waiting) {
  lane->grants = false;
  start_at(0);
  start_at(1);
  BOOST_REQUIRE(lane->asked.size() == 1u);
  for (size_t i = 0; i < 2; ++i) {
    self->send(lane->askers[lane->asked[i].id], atom::refused_v, lane->asked[i].id,
               error{errc::unavailable, "breaker open"}, caf::timespan{});
    run();
  }
  BOOST_TEST((report_of(0)->kind == report_kind::held));
  BOOST_TEST((report_of(1)->kind == report_kind::held));
  BOOST_TEST(cache().in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(a_restarted_cache_keeps_one_leading_and_the_others_waiting) {
  upstream->script = [](auto&) { return test::completion("yes", 1min); };
  const auto first = start_at(0), second = start_at(1), third = start_at(2);
  kill(caf::actor_cast<caf::actor>(wires.cache));
  wires.cache = new_cache(true);
  for (auto& w : {third, second, first}) // Those that wait may be quicker than the one that leads.
    self->send(w, atom::rewire_v, wires);
  run();
  advance(1min);
  BOOST_TEST(upstream->calls.size() == 1u);
  BOOST_TEST((report_of(1)->joined && report_of(2)->joined));
  BOOST_TEST(log->reports.size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
