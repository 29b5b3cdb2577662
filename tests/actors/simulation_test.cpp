#include "tests/support/fake_node.hpp"
#include "tests/support/invariants.hpp"

#include <cstdlib>
#include <boost/test/results_collector.hpp>

#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

/// How an upstream misbehaves, in percent of the exchanges.
struct fault_plan {
  uint32_t hinted_429 = 0, bare_429 = 0, server_error = 0, reset = 0, malformed = 0, slow = 0;
};

fault_plan random_plan(std::mt19937& rng) {
  if (rng() % 6 == 0)
    return {};
  return {static_cast<uint32_t>(rng() % 6), static_cast<uint32_t>(rng() % 6),
          static_cast<uint32_t>(rng() % 12), static_cast<uint32_t>(rng() % 10),
          static_cast<uint32_t>(rng() % 6), static_cast<uint32_t>(rng() % 10)};
}

test::fake_answer answer(std::mt19937& rng, const fault_plan& plan,
                         const test::fake_upstream::call& call) {
  const auto n = test::number_of(call.body);
  const caf::timespan delay = std::chrono::milliseconds{5 + rng() % 200};
  auto roll = static_cast<uint32_t>(rng() % 100);
  const auto hit = [&](uint32_t share) {
    const auto inside = roll < share;
    roll = inside ? 100 : roll - std::min(roll, share);
    return inside;
  };
  if (n % 19 == 5)
    return test::answer_with(400, R"({"error":{"message":"no such field"}})", {}, delay);
  if (hit(plan.hinted_429))
    return test::answer_with(429, R"({"error":{"message":"slow down"}})", {{"retry-after", "3"}},
                             delay);
  if (hit(plan.bare_429))
    return test::answer_with(429, R"({"error":{"message":"slow down"}})", {}, delay);
  if (hit(plan.server_error))
    return test::answer_with(500 + static_cast<int>(rng() % 4), "<html>oops</html>", {}, delay);
  if (hit(plan.reset))
    return test::broken_with(core::transport_error::reset, rng() % 2, delay);
  if (hit(plan.malformed))
    return test::answer_with(200, R"({"choices":[)", {}, delay);
  return test::completion(test::answer_of(n), hit(plan.slow) ? caf::timespan{20s} : delay);
}

test::world_options random_lane(std::mt19937& rng) {
  test::world_options o;
  o.slots = 1 + rng() % 16;
  o.lane.limit[static_cast<size_t>(core::dimension::requests_minute)] =
    rng() % 2 ? 0 : 60 + static_cast<double>(rng() % 3000);
  o.lane.in_flight_max = rng() % 3 ? 0 : 1 + static_cast<uint32_t>(rng() % 8);
  o.lane.burst = std::chrono::seconds{1 + rng() % 10};
  o.lane.breaker_trips_after = 0;
  return o;
}

std::shared_ptr<test::memory_files> random_input(std::mt19937& rng) {
  auto files = std::make_shared<test::memory_files>();
  const auto n = rng() % 8 == 0 ? rng() % 4 : 10 + rng() % 90;
  for (uint64_t i = 0; i < n; ++i) {
    auto what = *test::make_request(i);
    if (rng() % 25 == 0)
      what.rejection = error{errc::invalid_input, "no JSON"};
    files->input.push_back(make_shared_value(std::move(what)));
  }
  files->write_delay = std::chrono::milliseconds{rng() % 3 * 40};
  return files;
}

job_options random_options(std::mt19937& rng) {
  job_options o;
  o.mode = rng() % 8 == 0 ? core::mode::sequential : core::mode::parallel;
  o.in_flight_max = 1 + rng() % 20;
  o.window_requests = 4 + rng() % 60;
  o.window_bytes = rng() % 4 ? 1u << 20 : 600;
  o.attempts_max = 3 + rng() % 4;
  o.seed = rng();
  o.client_id = "sim";
  return o;
}

/// One seed: a world, its faults and its job, and the way to the end.
struct life : test::engine_world {
  explicit life(uint32_t seed) : life{seed, random_lane_of(seed)} {}
  life(uint32_t seed, test::world_options lane) : engine_world{seed, lane}, slots{lane.slots} {
    plan = random_plan(rng);
    upstream->script = [this](auto& call) { return answer(rng, plan, call); };
    options = random_options(rng);
  }
  static test::world_options random_lane_of(uint32_t seed) {
    std::mt19937 own{seed * 7919};
    return random_lane(own);
  }

  /// Runs the job to a whole output: a job that was stopped is submitted again.
  void finish() {
    for (int lives = 0; lives < 20; ++lives) {
      BOOST_REQUIRE(run_job());
      if (ended()->state == job_state::completed)
        return;
      // The only excuses for an early end: it was asked for, or the upstream failed in every mode.
      static const std::set<errc> outage{errc::rate_limited, errc::server_error, errc::overloaded,
                                         errc::timeout, errc::connection_failed,
                                         errc::bad_response, errc::unavailable};
      BOOST_TEST_CONTEXT(to_string(ended()->cause))
        BOOST_TEST((ended()->state == job_state::interrupted
                    || outage.count(ended()->cause.code) == 1));
      ++resubmitted;
      settle_down();
      plan = {}; // The upstream recovers.
      submit(files, options);
    }
    BOOST_FAIL("the job never got to its end");
  }

  /// A second job can have every slot at once: none leaked.
  void check_slots() {
    auto more = std::make_shared<test::memory_files>();
    for (uint64_t i = 0; i < 3 * slots; ++i)
      more->input.push_back(test::make_request(i));
    auto before = files;
    plan = {};
    job_options o;
    o.mode = core::mode::parallel;
    o.in_flight_max = slots;
    submit(more, o);
    BOOST_REQUIRE(run_job());
    BOOST_TEST(ended()->in_flight_peak == slots);
    *before = {};
  }

  uint32_t slots;
  fault_plan plan;
  job_options options;
  int resubmitted = 0;
};

/// A sanitizer build takes every fourth seed: it looks for other faults, and is slow.
template <class F>
void for_seeds(uint32_t from, uint32_t to, F f) {
  const uint32_t step = std::getenv("PENSTOCK_SANITIZED") ? 4 : 1;
  for (auto seed = from; seed < to; seed += step)
    BOOST_TEST_CONTEXT("seed " << seed) {
      f(seed);
      if (boost::unit_test::results_collector.results(
            boost::unit_test::framework::current_test_case().p_id).p_assertions_failed > 0)
        return; // One seed is enough to look at.
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation_suite)

BOOST_AUTO_TEST_CASE(a_faulty_upstream_loses_and_doubles_nothing) {
  for_seeds(1, 601, [](uint32_t seed) {
    life world{seed};
    world.submit(random_input(world.rng), world.options);
    world.finish();
    world.settle_down();
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.deaths = world.resubmitted;
    check_invariants(world, *world.ended(), e);
  });
}

BOOST_AUTO_TEST_CASE(a_breaker_that_opens_loses_and_doubles_nothing) {
  for_seeds(1000, 1300, [](uint32_t seed) {
    auto lane = life::random_lane_of(seed);
    lane.lane.breaker_trips_after = 2;
    lane.lane.breaker_open_for = 10s;
    life world{seed, lane};
    world.options.first_patience = world.options.outage_patience = 1h;
    world.submit(random_input(world.rng), world.options);
    world.finish();
    world.settle_down();
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.deaths = world.resubmitted;
    e.breaker = true;
    check_invariants(world, *world.ended(), e);
  });
}

BOOST_AUTO_TEST_CASE(the_death_of_any_actor_loses_and_doubles_nothing) {
  uint64_t restarts = 0, lost = 0, late = 0;
  for_seeds(2000, 3000, [&](uint32_t seed) {
    life world{seed};
    world.submit(random_input(world.rng), world.options);
    std::set<uint64_t> when;
    for (auto n = 1 + world.rng() % 4; n > 0; --n)
      when.insert(world.rng() % (world.rng() % 2 ? 200 : 2000));
    uint64_t step = 0, deaths = 0;
    for (auto at : when) {
      while (step < at && !world.ended() && world.step())
        ++step;
      if (world.ended())
        break;
      ++deaths;
      switch (world.rng() % 8) {
      case 0: world.kill_worker(); break;
      case 1: world.kill_limiter(); break;
      case 2: world.kill_http(); break;
      case 3: world.kill_node(); break;
      case 4: world.kill_collector(); break;
      case 5: world.kill_part(world.files->coordinator); break;
      case 6: world.kill_part(world.files->source); break;
      default: world.kill_part(world.files->sink);
      }
    }
    world.finish();
    world.settle_down();
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.deaths = deaths + world.resubmitted;
    check_invariants(world, *world.ended(), e);
    restarts += world.ended()->restarts;
    lost += world.ended()->lost;
    late += world.ended()->refused_late;
    world.check_slots();
  });
  // The kills met what they were meant for.
  BOOST_TEST(restarts > 50u);
  BOOST_TEST(lost > 50u);
  BOOST_TEST(late > 0u);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_stopped_goes_on_where_it_was) {
  for_seeds(3000, 3400, [](uint32_t seed) {
    life world{seed};
    world.options.grace_period = 2s;
    world.submit(random_input(world.rng), world.options);
    for (auto n = world.rng() % 1500; n > 0 && !world.ended() && world.step(); --n) {
    }
    if (world.rng() % 2)
      caf::anon_send(world.engine, atom::drain_v, world.job());
    else
      caf::anon_send(world.engine, atom::abort_v, world.job());
    world.finish();
    world.settle_down();
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.deaths = 1 + world.resubmitted;
    check_invariants(world, *world.ended(), e);
    world.check_slots();
  });
}

BOOST_AUTO_TEST_CASE(a_cancelled_job_has_an_outcome_for_every_request) {
  for_seeds(4000, 4200, [](uint32_t seed) {
    life world{seed};
    world.submit(random_input(world.rng), world.options);
    for (auto n = world.rng() % 1500; n > 0 && !world.ended() && world.step(); --n) {
    }
    caf::anon_send(world.engine, atom::cancel_v, world.job());
    BOOST_REQUIRE(world.run_job());
    world.settle_down();
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.deaths = 1;
    check_invariants(world, *world.ended(), e);
  });
}

BOOST_AUTO_TEST_SUITE_END()
