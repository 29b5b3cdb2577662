#pragma once

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>

namespace penstock::test {

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
