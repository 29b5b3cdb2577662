#pragma once

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>

namespace penstock::test {

/// Runs `f` for each seed, or for the seeds in PENSTOCK_TEST_SEED ("1017" or "1-20000"). The seed
/// of a failure is printed. A sanitizer build uses every fourth seed, because it is slow and looks
/// for other faults.
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
        return; // One failed seed is enough.
    }
}

} // namespace penstock::test
