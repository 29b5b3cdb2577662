#include "actors/supervisor/spawn_engine.hpp"

#include "actors/peer/cluster_config.hpp"
#include "core/jsonl/make_request.hpp"
#include "messages/errors.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>

#include <chrono>
#include <optional>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

config::settings null_settings() {
  config::settings s;
  s.upstream.protocol = "null";
  return s;
}

/// The time until `sys` and its engine have ended.
duration time_of_end(std::optional<caf::actor_system>& sys,
                     std::optional<running_engine>& running) {
  const auto begun = std::chrono::steady_clock::now();
  BOOST_TEST(stop_engine(*sys, *running));
  running.reset();
  sys.reset();
  return std::chrono::steady_clock::now() - begun;
}

} // namespace

BOOST_AUTO_TEST_SUITE(spawn_engine_suite)

// The job writer and reader have their own threads. Once, a pending timer kept them alive, and the
// end of a system with a cluster configuration waited for them.
BOOST_AUTO_TEST_CASE(an_engine_with_nothing_in_flight_ends_at_once) {
  for (const bool in_cluster : {false, true}) {
    config::cluster_settings cluster;
    std::optional<actors::cluster_config> theirs;
    std::optional<system_config> plain;
    if (in_cluster)
      theirs.emplace(cluster);
    else
      plain.emplace();
    std::optional<caf::actor_system> sys;
    if (in_cluster)
      sys.emplace(*theirs);
    else
      sys.emplace(*plain);
    auto spawned = spawn_engine(*sys, null_settings());
    BOOST_REQUIRE(spawned);
    std::optional<running_engine> running = *spawned;
    {
      // A query for results that do not come sets a timer in the reader.
      caf::scoped_actor self{*sys, true};
      submission job;
      job.complete = false;
      job.requests.push_back(
        make_shared_value(core::make_request("q", R"({"model":"m","messages":[]})")));
      uint64_t number = 0;
      self->request(running->engine, test::patience, atom::submit_v, job)
        .receive([&](const job_ticket& t) { number = t.job; },
                 [](const caf::error& e) { BOOST_FAIL(from_caf(e).context); });
      results_query query;
      query.job = number;
      query.wait = 10min;
      self->send(running->engine, atom::results_v, query);
      self->request(running->engine, test::patience, atom::info_v, number)
        .receive([](const job_info&) {},
                 [](const caf::error& e) { BOOST_FAIL(from_caf(e).context); });
    }
    *spawned = {};
    BOOST_TEST((time_of_end(sys, running) < 1s));
  }
}

BOOST_AUTO_TEST_CASE(an_engine_without_a_store_refuses_jobs_by_value) {
  system_config config;
  caf::actor_system sys{config};
  engine_options options;
  options.has_store = false;
  auto running = spawn_engine(sys, null_settings(), std::move(options));
  BOOST_REQUIRE(running);
  BOOST_REQUIRE(running->lanes.size() == 1u);
  BOOST_TEST(lane_names(*running).front() == running->lanes.front().name);
  {
    caf::scoped_actor self{sys, true};
    self->request(running->engine, test::patience, atom::submit_v, submission{})
      .receive([](const job_ticket&) { BOOST_FAIL("there is no store to keep it"); },
               [](const caf::error&) {});
  }
  BOOST_TEST(stop_engine(sys, *running));
}

BOOST_AUTO_TEST_CASE(an_engine_on_a_store_that_is_open_already) {
  system_config config;
  caf::actor_system sys{config};
  engine_options options;
  options.jobs = io::make_memory_job_store();
  options.slots = 0;
  auto running = spawn_engine(sys, null_settings(), std::move(options));
  BOOST_REQUIRE(running);
  {
    caf::scoped_actor self{sys, true};
    self->request(running->engine, test::patience, atom::nodes_v)
      .receive([](const std::vector<node_info>& nodes) { BOOST_TEST(nodes.empty()); },
               [](const caf::error& e) { BOOST_FAIL(from_caf(e).context); });
  }
  BOOST_TEST(stop_engine(sys, *running));
}

BOOST_AUTO_TEST_CASE(the_nodes_of_a_head_bound_the_width_of_its_lanes) {
  system_config config;
  caf::actor_system sys{config};
  auto settings = null_settings();
  settings.run.in_flight_max = 5;
  for (const bool bound : {false, true}) {
    engine_options options;
    options.slots = 3;
    options.nodes_bound_width = bound;
    auto running = spawn_engine(sys, settings, std::move(options));
    BOOST_REQUIRE(running);
    const auto width = running->lanes.at(0).limits.in_flight_max;
    BOOST_TEST((bound ? width > 100'000 : width == 5), width);
    BOOST_TEST(stop_engine(sys, *running));
  }
}

BOOST_AUTO_TEST_CASE(a_mock_is_refused_unless_the_caller_runs_it) {
  auto settings = null_settings();
  settings.upstream = {};
  settings.upstream.mock = true;
  settings.upstream.base_url = "http://127.0.0.1:9/v1";
  settings.run.model = "m";
  system_config config;
  caf::actor_system sys{config};
  engine_options options;
  options.keys.emplace();
  auto refused = spawn_engine(sys, settings, options);
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().context.find("penstock mock") != std::string::npos,
             refused.error().context);
  options.mocks_run = true;
  auto running = spawn_engine(sys, settings, options);
  BOOST_REQUIRE_MESSAGE(running, running.error().context);
  BOOST_TEST(stop_engine(sys, *running));
  // A second stop, or a stop after its death, returns at once.
  const auto begun = std::chrono::steady_clock::now();
  stop_engine(sys, *running);
  BOOST_TEST((std::chrono::steady_clock::now() - begun < 1s));
}

BOOST_AUTO_TEST_SUITE_END()
