#pragma once

#include "tests/support/fake_http.hpp"
#include "tests/support/fake_job.hpp"
#include "tests/support/fake_node.hpp"
#include "tests/support/invariants.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <string>

/// Random choices of the simulations.
namespace penstock::test {

/// Faults of a provider, in percent of the exchanges.
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

/// The answer of a provider with these faults to a call.
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

} // namespace penstock::test
