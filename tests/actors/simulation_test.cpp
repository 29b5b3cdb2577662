#include "tests/support/invariants.hpp"
#include "tests/support/random_faults.hpp"
#include "tests/support/seeds.hpp"

#include <set>

using namespace penstock;
using namespace std::chrono_literals;
using test::for_seeds;
using test::random_input;

namespace {

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

/// One seed: a world, its faults and its job, run to the end.
struct life : test::engine_world {
  explicit life(uint32_t seed) : life{seed, random_lane_of(seed)} {}
  life(uint32_t seed, test::world_options lane) : engine_world{seed, lane}, slots{lane.slots} {
    plan = test::random_plan(rng);
    upstream->script = [this](auto& call) { return test::faulty_answer(rng, plan, call); };
    options = random_options(rng);
  }
  static test::world_options random_lane_of(uint32_t seed) {
    std::mt19937 own{seed * 7919};
    return random_lane(own);
  }

  /// Runs the job to a complete output. A job that was stopped is submitted again.
  void finish() {
    for (int lives = 0; lives < 20; ++lives) {
      BOOST_REQUIRE(run_job());
      if (ended()->state == job_state::completed)
        return;
      // Only refusals of one kind, and no success: the job itself is wrong, and stays open.
      if (ended()->cause.code == errc::bad_request) {
        BOOST_TEST(ended()->completed == 0u);
        whole = false;
        return;
      }
      // The job may end early only if it was told to, or if the provider failed in every mode.
      static const std::set<errc> outage{
        errc::rate_limited,      errc::server_error, errc::overloaded, errc::timeout,
        errc::connection_failed, errc::bad_response, errc::unavailable};
      BOOST_TEST_CONTEXT(to_string(ended()->cause))
      BOOST_TEST(
        (ended()->state == job_state::interrupted || outage.count(ended()->cause.code) == 1));
      ++resubmitted;
      settle_down();
      plan = {}; // The provider recovers.
      submit(files, options);
    }
    BOOST_FAIL("the job never got to its end");
  }

  /// Checks that no slot was lost: a second job can use all of them at once.
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
  test::fault_plan plan;
  job_options options;
  int resubmitted = 0;
  bool whole = true; ///< The job has a complete output.
};

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
    e.whole = world.whole;
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
    e.whole = world.whole;
    e.deaths = world.resubmitted;
    e.breaker = true;
    check_invariants(world, *world.ended(), e);
  });
}

// I10: the job gives up before the outage is over. Requests whose attempts are not used up stay
// open, and the same job completes them later.
BOOST_AUTO_TEST_CASE(an_outage_that_outlasts_the_patience_fails_nothing_for_good) {
  size_t given_up = 0;
  for_seeds(8000, 8150, [&](uint32_t seed) {
    auto lane = life::random_lane_of(seed);
    lane.lane.breaker_trips_after = 2 + seed % 4;
    lane.lane.breaker_open_for = 10s;
    life world{seed, lane};
    world.options.first_patience = world.options.outage_patience =
      std::chrono::seconds{3 + world.rng() % 20};
    const auto up_again = world.now() + std::chrono::seconds{30 + world.rng() % 120};
    world.upstream->script = [&world, up_again](auto& call) {
      return world.now() < up_again && world.resubmitted < 4
               ? test::answer_with(503, "down")
               : test::faulty_answer(world.rng, world.plan, call);
    };
    world.submit(random_input(world.rng), world.options);
    world.finish();
    world.settle_down();
    given_up += world.resubmitted > 0;
    test::expectations e;
    e.attempts_max = world.options.attempts_max;
    e.whole = world.whole;
    e.deaths = world.resubmitted;
    e.breaker = true;
    check_invariants(world, *world.ended(), e);
  });
  if (!std::getenv("PENSTOCK_TEST_SEED"))
    BOOST_TEST(given_up > 10u);
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
    e.whole = world.whole;
    e.deaths = deaths + world.resubmitted;
    check_invariants(world, *world.ended(), e);
    restarts += world.ended()->restarts;
    lost += world.ended()->lost;
    late += world.ended()->refused_late;
    world.check_slots();
  });
  // The kills have happened in the intended situations.
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
    e.whole = world.whole;
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
    e.whole = world.whole;
    e.deaths = 1;
    check_invariants(world, *world.ended(), e);
  });
}

BOOST_AUTO_TEST_SUITE_END()
