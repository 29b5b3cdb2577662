#include "tests/support/cluster_world.hpp"
#include "tests/support/invariants.hpp"
#include "tests/support/random_faults.hpp"
#include "tests/support/seeds.hpp"

#include <set>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

using test::way;

/// The faults of a run.
struct fault_kinds {
  bool head = false;  ///< The head is killed, too.
  bool parts = false; ///< Single actors die, too.
};

/// One seed: a cluster, a job, and faults that begin in the first 40 seconds; then all of them end.
struct life : test::cluster_world {
  life(uint32_t seed, fault_kinds kinds = {}) : life{seed, kinds, random_cluster(seed)} {}
  life(uint32_t seed, fault_kinds kinds, const test::cluster_options& cluster)
      : cluster_world{seed, cluster}, kinds{kinds} {
    plan = test::random_plan(rng);
    const auto slow = std::chrono::milliseconds{rng() % 3 * 700};
    script = [this, slow](auto& call) {
      auto said = test::faulty_answer(rng, plan, call);
      said.delay += slow;
      said.response.elapsed = said.delay;
      return said;
    };
    options.mode = rng() % 8 == 0 ? core::mode::sequential : core::mode::parallel;
    options.in_flight_max = 1 + rng() % 20;
    options.window_requests = 8 + rng() % 60;
    options.attempts_max = 3 + rng() % 4;
    options.seed = rng();
    options.client_id = "sim";
    options.first_patience = options.outage_patience = 1h;
    options.grace_period = 2s;
  }

  static test::cluster_options random_cluster(uint32_t seed) {
    std::mt19937 own{seed * 7919};
    test::cluster_options o;
    o.slots.resize(1 + own() % 4);
    for (auto& slots : o.slots)
      slots = 1 + own() % 6;
    o.lane.limit[static_cast<size_t>(core::dimension::requests_minute)] =
      own() % 3 ? 60 + static_cast<double>(own() % 600) : 0;
    o.lane.in_flight_max = own() % 3 ? 0 : 1 + static_cast<uint32_t>(own() % 8);
    o.lane.burst = std::chrono::seconds{1 + own() % 10};
    o.lane.breaker_trips_after = 0;
    o.delay_max = std::chrono::milliseconds{own() % 4 * 30};
    return o;
  }

  /// Schedules a fault in the first 40 seconds.
  void plan_fault() {
    const auto when = now() + std::chrono::milliseconds{rng() % (rng() % 2 ? 40'000 : 8000)};
    const size_t i = rng() % nodes();
    const auto span = std::chrono::milliseconds{200 + rng() % (rng() % 2 ? 2500 : 12'000)};
    const auto later = [this, span](auto what) { in(span, what); };
    switch (rng() % (kinds.parts ? 12 : kinds.head ? 9 : 8)) {
    case 0:
      at(when, [=, this] {
        kill_node(i);
        later([=, this] { start_node(i); });
      });
      break;
    case 1:
    case 2:
      at(when, [=, this] {
        stop_node(i, true);
        later([=, this] { stop_node(i, false); });
      });
      break;
    case 3:
      at(when, [=, this] {
        cut(i, way::to_head, true);
        cut(i, way::to_node, true);
        later([=, this] {
          cut(i, way::to_head, false);
          cut(i, way::to_node, false);
        });
      });
      break;
    case 4:
    case 5: {
      const auto one = rng() % 2 ? way::to_head : way::to_node;
      at(when, [=, this] {
        cut(i, one, true);
        later([=, this] { cut(i, one, false); });
      });
      break;
    }
    case 6: at(when, [=, this] { break_link(i); }); break;
    case 7: at(when, [=, this] { drain_node(i, std::chrono::seconds{rng() % 3}); }); break;
    case 8:
      at(when, [=, this] {
        if (kinds.head && kill_head())
          later([this] { take_up(); });
      });
      break;
    case 9: at(when, [=, this] { kill_worker(i); }); break;
    case 10: at(when, [=, this] { kill_limiter(); }); break;
    default:
      at(when, [=, this] {
        const caf::actor part[]{files->coordinator, files->source, files->sink};
        kill_part(part[rng() % 3]);
      });
    }
  }

  /// Restarts the head, which goes on with its job.
  void take_up() {
    start_head();
    submit(files, options);
  }

  void run() {
    submit(test::random_input(rng), options);
    for (auto n = 1 + rng() % 6; n > 0; --n)
      plan_fault();
    // Safety: no invariant is violated.
    pass(45s);
    // Liveness: after the end of all faults, everything ends.
    heal();
    plan = {};
    for (int lives = 0; lives < 20; ++lives) {
      BOOST_REQUIRE(run_job(1h));
      if (ended()->state == job_state::completed)
        break;
      BOOST_TEST_CONTEXT(to_string(ended()->cause))
      BOOST_TEST((ended()->cause.code != errc::internal));
      ++resubmitted;
      pass(1s);
      submit(files, options);
    }
    BOOST_TEST((ended()->state == job_state::completed));
    pass(20s); // The last messages about lost nodes.
    check();
  }

  void check() {
    for (auto& what : violations)
      BOOST_ERROR(what);
    // I1, I2
    uint64_t poisoned = 0;
    const auto totals = test::check_lines(*files, true);
    for (auto& line : files->lines)
      poisoned += core::parse_output_line(line)->error_code == "poison";
    const auto p = *ended();
    if (head_lives == 1 && resubmitted == 0) // Lines do not tell how often their request was lost.
      BOOST_TEST(3 * poisoned <= p.lost);
    // I3
    for (auto& line : files->lines)
      for (auto at = line.find("\"call-"); at != std::string::npos;
           at = line.find("\"call-", at + 1)) {
        const auto end = line.find('"', at + 1);
        BOOST_TEST(stale.count(line.substr(at + 1, end - at - 1)) == 0u);
      }
    // I4
    std::map<uint64_t, uint64_t> calls;
    for (auto& exchange : exchanges)
      if (exchange.status != 429)
        ++calls[exchange.request];
    for (auto& [index, n] : calls)
      BOOST_TEST(n <= (options.attempts_max + 2) * (1 + deaths()));
    // I10
    test::check_effort(*files, options.attempts_max);
    // I6
    BOOST_TEST(p.completed == totals.completed);
    BOOST_TEST(p.failed == totals.failed);
    BOOST_TEST(p.attempts == totals.attempts);
    BOOST_TEST(p.rate_limited == totals.rate_limited);
    BOOST_TEST(p.written == files->input.size());
    if (deaths() == 0)
      BOOST_TEST(p.attempts == exchanges.size());
    // I8
    BOOST_TEST(p.in_flight == 0u);
    BOOST_TEST(workers() == 0u);
    BOOST_TEST(open_exchanges() == 0u);
    const auto now = lane();
    BOOST_TEST(now.in_flight == 0u);
    BOOST_TEST(now.waiting == 0u);
    BOOST_TEST(now.granted + now.adopted == now.settled + now.released);
    size_t known = 0;
    for (auto& node : known_nodes()) {
      ++known;
      BOOST_TEST(node.in_use == 0u);
      BOOST_TEST((node.state == node_state::active));
    }
    BOOST_TEST(known == nodes()); // Each lost node has come back, once.
  }

  uint64_t deaths() const {
    return losses + fenced + p_lost() + static_cast<uint64_t>(resubmitted) + limiter_lives +
           (ended() ? ended()->restarts : 0) + head_lives - 1;
  }
  uint64_t p_lost() const { return ended() ? ended()->lost : 0; }

  fault_kinds kinds;
  test::fault_plan plan;
  job_options options;
  int resubmitted = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_simulation_suite)

BOOST_AUTO_TEST_CASE(a_cluster_without_faults_counts_every_exchange) {
  test::for_seeds(1, 61, [](uint32_t seed) {
    life world{seed};
    world.submit(test::random_input(world.rng), world.options);
    BOOST_REQUIRE(world.run_job(2h));
    if (world.ended()->state != job_state::completed)
      return; // The provider failed in every mode: see simulation_test.
    world.pass(20s);
    world.check();
    BOOST_TEST(world.losses == 0u);
    BOOST_TEST(world.fenced == 0u);
  });
}

BOOST_AUTO_TEST_CASE(nodes_that_die_stop_leave_or_are_cut_off_lose_and_double_nothing) {
  uint64_t losses = 0, fenced = 0, left = 0, late = 0, stale = 0;
  test::for_seeds(1000, 1500, [&](uint32_t seed) {
    life world{seed};
    world.run();
    losses += world.losses;
    fenced += world.fenced;
    left += world.left;
    late += world.ended()->refused_late;
    stale += world.stale.size();
  });
  BOOST_TEST_MESSAGE(losses << " nodes lost, " << fenced << " fenced, " << left << " left, " << late
                            << " late reports, " << stale << " stale answers");
  if (std::getenv("PENSTOCK_TEST_SEED"))
    return;
  // The faults have happened in the intended situations.
  BOOST_TEST(losses > 50u);
  BOOST_TEST(fenced > 50u);
  BOOST_TEST(left > 10u);
  BOOST_TEST(stale > 0u);
}

BOOST_AUTO_TEST_CASE(a_head_that_dies_goes_on_with_its_nodes) {
  uint64_t heads = 0;
  test::for_seeds(3000, 3150, [&](uint32_t seed) {
    life world{seed, {.head = true}};
    world.run();
    heads += world.head_lives;
  });
  BOOST_TEST_MESSAGE(heads << " lives of heads");
}

// I10: as in simulation_test.
BOOST_AUTO_TEST_CASE(an_outage_that_outlasts_the_patience_fails_nothing_for_good) {
  size_t given_up = 0;
  test::for_seeds(7000, 7080, [&](uint32_t seed) {
    auto cluster = life::random_cluster(seed);
    cluster.lane.breaker_trips_after = 2 + seed % 4;
    cluster.lane.breaker_open_for = 10s;
    life world{seed, {}, cluster};
    world.options.first_patience = world.options.outage_patience =
      std::chrono::seconds{3 + world.rng() % 20};
    const auto up_again = world.now() + std::chrono::seconds{30 + world.rng() % 90};
    world.script = [&world, up_again, then = world.script](auto& call) {
      return world.now() < up_again && world.resubmitted < 4 ? test::answer_with(503, "down")
                                                             : then(call);
    };
    world.run();
    given_up += world.resubmitted > 0;
  });
  if (!std::getenv("PENSTOCK_TEST_SEED"))
    BOOST_TEST(given_up > 0u);
}

BOOST_AUTO_TEST_CASE(actors_that_die_beside_it_change_nothing) {
  test::for_seeds(5000, 5200, [](uint32_t seed) {
    life world{seed, {.head = true, .parts = true}};
    world.run();
  });
}

BOOST_AUTO_TEST_SUITE_END()
