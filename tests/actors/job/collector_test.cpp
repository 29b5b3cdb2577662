#include "actors/job/collector.hpp"

#include "tests/support/deterministic_system.hpp"

#include <random>

using namespace penstock;

namespace {

struct sink_log {
  std::vector<uint64_t> written;
  std::vector<size_t> runs;
  std::vector<uint64_t> kept;
  std::vector<collector_progress> progress;
  std::vector<written_taker_actor> unanswered;
};

sink_actor::behavior_type sink(sink_actor::pointer self, std::shared_ptr<sink_log> log,
                               bool answer) {
  return {
    [=](atom::write, const std::vector<sink_item>& items) {
      for (auto& item : items)
        log->written.push_back(item.index);
      log->runs.push_back(items.size());
      auto to = caf::actor_cast<written_taker_actor>(self->current_sender());
      if (answer)
        self->send(to, atom::written_v, log->written.back() + 1);
      else
        log->unanswered.push_back(to);
    },
    [](atom::close, bool) { return true; },
  };
}

store_actor::behavior_type store(std::shared_ptr<sink_log> log) {
  return {[=](atom::keep, const std::vector<sink_item>& items) {
    for (auto& item : items)
      log->kept.push_back(item.index);
  }};
}

/// The part of a coordinator that a collector uses.
coordinator_actor::behavior_type listener(std::shared_ptr<sink_log> log) {
  return {
    [](atom::report, const report_batch&) {},
    [](atom::chunk, const request_chunk&) {},
    [](atom::failed, const error&) {},
    [](atom::slots, const node_actor&, uint64_t, uint32_t) {},
    [=](atom::written, const collector_progress& p) { log->progress.push_back(p); },
    [](atom::lost, uint64_t) {},
    [](atom::leave, uint64_t) {},
    [](atom::drain) {},
    [](atom::abort) {},
    [](atom::cancel) {},
    [](atom::status) { return job_progress{}; },
    [](atom::wake) {},
  };
}

struct fixture : test::deterministic_system {
  std::shared_ptr<sink_log> log = std::make_shared<sink_log>();

  collector_actor start(uint64_t first, uint32_t window, bool sink_answers = true) {
    auto to = spawn(listener, log);
    return spawn(actors::collector, to,
                 actors::collector_neighbours{spawn(sink, log, sink_answers), spawn(store, log)},
                 first, window);
  }

  static sink_item item(uint64_t index, size_t bytes = 10) {
    core::outcome o;
    o.index = index;
    o.body = core::make_payload(std::string(bytes, 'x'));
    return {index, make_shared_value(std::move(o)), nullptr};
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(collector_suite, fixture)

BOOST_AUTO_TEST_CASE(results_reach_the_sink_in_order_and_once) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      log = std::make_shared<sink_log>();
      auto aut = start(3, 64);
      std::vector<uint64_t> order(64);
      for (size_t i = 0; i < order.size(); ++i)
        order[i] = 3 + i;
      std::shuffle(order.begin(), order.end(), rng);
      for (size_t i = 0; i < order.size();) {
        std::vector<sink_item> batch;
        for (auto n = 1 + rng() % 7; n > 0 && i < order.size(); --n, ++i) {
          batch.push_back(item(order[i]));
          if (rng() % 4 == 0)
            batch.push_back(item(order[rng() % (i + 1)])); // A duplicate.
        }
        self->send(aut, atom::collect_v, batch);
        if (rng() % 2)
          run();
      }
      run();
      BOOST_REQUIRE(log->written.size() == 64u);
      for (size_t i = 0; i < 64; ++i)
        BOOST_TEST(log->written[i] == 3 + i);
      BOOST_TEST(log->progress.back().written_below == 67u);
      BOOST_TEST(log->progress.back().held_bytes == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_what_must_wait_is_kept_in_the_store) {
  auto aut = start(0, 16);
  self->send(aut, atom::collect_v, std::vector{item(0), item(2), item(3), item(1), item(5)});
  run();
  BOOST_TEST((log->written == std::vector<uint64_t>{0, 1, 2, 3}));
  BOOST_TEST((log->kept == std::vector<uint64_t>{5}));
}

BOOST_AUTO_TEST_CASE(a_line_from_the_store_is_not_kept_again) {
  auto aut = start(0, 16);
  self->send(aut, atom::collect_v, std::vector{sink_item{4, {}, core::make_payload("{}\n")}});
  run();
  BOOST_TEST(log->kept.empty());
  self->send(aut, atom::collect_v, std::vector{item(0), item(1), item(2), item(3)});
  run();
  BOOST_TEST(log->written.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_slow_sink_gets_two_runs_at_once_and_the_rest_counts_as_held) {
  auto aut = start(0, 4096, false);
  for (uint64_t i = 0; i < 5; ++i) {
    self->send(aut, atom::collect_v, std::vector{item(i, 1000)});
    run();
  }
  BOOST_TEST(log->runs.size() == 2u);
  self->send(aut, atom::written_v, uint64_t{1});
  run();
  BOOST_TEST(log->runs.size() == 3u);
  BOOST_TEST(log->progress.back().held_bytes > 4000u);
  BOOST_TEST(log->progress.back().waiting == 4u);
  BOOST_TEST((log->written == std::vector<uint64_t>{0, 1, 2, 3, 4}));
}

BOOST_AUTO_TEST_CASE(results_behind_a_missing_one_close_the_window) {
  auto aut = start(0, 4096);
  self->send(aut, atom::collect_v, std::vector{item(1, 100)});
  run();
  BOOST_TEST(log->progress.empty());
  self->send(aut, atom::collect_v, std::vector{item(2, 100'000)});
  run();
  BOOST_REQUIRE(log->progress.size() == 1u);
  BOOST_TEST(log->progress[0].written_below == 0u);
  BOOST_TEST(log->progress[0].held_bytes > 100'000u);
  BOOST_TEST(log->progress[0].waiting == 0u); // The results are in the store.
}

BOOST_AUTO_TEST_CASE(closing_waits_for_the_sink) {
  auto aut = start(0, 16, false);
  self->send(aut, atom::collect_v, std::vector{item(0)});
  bool closed = false;
  auto pending = self->request(aut, caf::infinite, atom::close_v);
  run();
  self->send(aut, atom::written_v, uint64_t{1});
  run();
  pending.receive([&](bool ok) { closed = ok; }, [](const caf::error&) {});
  BOOST_TEST(closed);
}

BOOST_AUTO_TEST_SUITE_END()
