#pragma once

#include "tests/support/fake_http.hpp"
#include "tests/support/fake_job.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/invariants.hpp"

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>

/// What the simulations draw from a seed, and how they go through seeds.
namespace penstock::test {

/// How an upstream misbehaves, in percent of the exchanges.
struct fault_plan {
  uint32_t hinted_429 = 0, bare_429 = 0, server_error = 0, reset = 0, malformed = 0, slow = 0;
};

inline fault_plan random_plan(std::mt19937& rng) {
  if (rng() % 6 == 0)
    return {};
  return {static_cast<uint32_t>(rng() % 6),  static_cast<uint32_t>(rng() % 6),
          static_cast<uint32_t>(rng() % 12), static_cast<uint32_t>(rng() % 10),
          static_cast<uint32_t>(rng() % 6),  static_cast<uint32_t>(rng() % 10)};
}

/// What an upstream with these faults says to a call.
inline fake_answer faulty_answer(std::mt19937& rng, const fault_plan& plan,
                                 const fake_upstream::call& call) {
  const auto n = number_of(call.body);
  const caf::timespan delay = std::chrono::milliseconds{5 + rng() % 200};
  auto roll = static_cast<uint32_t>(rng() % 100);
  const auto hit = [&](uint32_t share) {
    const auto inside = roll < share;
    roll = inside ? 100 : roll - std::min(roll, share);
    return inside;
  };
  if (n % 19 == 5)
    return answer_with(400, R"({"error":{"message":"no such field"}})", {}, delay);
  if (hit(plan.hinted_429))
    return answer_with(429, R"({"error":{"message":"slow down"}})", {{"retry-after", "3"}}, delay);
  if (hit(plan.bare_429))
    return answer_with(429, R"({"error":{"message":"slow down"}})", {}, delay);
  if (hit(plan.server_error))
    return answer_with(500 + static_cast<int>(rng() % 4), "<html>oops</html>", {}, delay);
  if (hit(plan.reset))
    return broken_with(core::transport_error::reset, rng() % 2, delay);
  if (hit(plan.malformed))
    return answer_with(200, R"({"choices":[)", {}, delay);
  return completion(answer_of(n), hit(plan.slow) ? caf::timespan{std::chrono::seconds{20}} : delay);
}

inline std::shared_ptr<memory_files> random_input(std::mt19937& rng) {
  auto files = std::make_shared<memory_files>();
  const auto n = rng() % 8 == 0 ? rng() % 4 : 10 + rng() % 90;
  for (uint64_t i = 0; i < n; ++i) {
    auto what = *make_request(i);
    if (rng() % 25 == 0)
      what.rejection = error{errc::invalid_input, "no JSON"};
    files->input.push_back(make_shared_value(std::move(what)));
  }
  files->write_delay = std::chrono::milliseconds{rng() % 3 * 40};
  return files;
}

/// Runs `f` for each seed, or for those that PENSTOCK_TEST_SEED names ("1017" or "1-20000"). The
/// seed of a failure is printed. A sanitizer build takes every fourth seed: it looks for other
/// faults, and is slow.
template <class F>
void for_seeds(uint32_t from, uint32_t to, F f) {
  if (const auto* only = std::getenv("PENSTOCK_TEST_SEED")) {
    char* end = nullptr;
    from = static_cast<uint32_t>(std::strtoul(only, &end, 10));
    to = 1 + (*end == '-' ? static_cast<uint32_t>(std::strtoul(end + 1, nullptr, 10)) : from);
  }
  const uint32_t step = std::getenv("PENSTOCK_SANITIZED") ? 4 : 1;
  for (auto seed = from; seed < to; seed += step)
    BOOST_TEST_CONTEXT("seed " << seed << " (PENSTOCK_TEST_SEED=" << seed << " runs it alone)") {
      f(seed);
      if (boost::unit_test::results_collector
            .results(boost::unit_test::framework::current_test_case().p_id)
            .p_assertions_failed > 0)
        return; // One seed is enough to look at.
    }
}

} // namespace penstock::test
