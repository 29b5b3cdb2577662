#include "core/io/http/curl_loop_deadlines.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace {

struct owner {
  penstock::time_point due{};
  size_t deadline_slot = 0;
  bool is_in = false;
};

BOOST_AUTO_TEST_SUITE(curl_loop_deadlines)

BOOST_AUTO_TEST_CASE(the_next_deadline_is_always_the_earliest_of_those_left) {
  const unsigned seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    std::vector<owner> owners(200);
    penstock::io::curl_loop_deadlines<owner> heap;
    size_t expected_size = 0;
    for (int step = 0; step < 20'000; ++step) {
      owner& o = owners[random() % owners.size()];
      if (o.is_in) {
        heap.remove(&o);
        --expected_size;
      } else {
        o.due = penstock::time_point{std::chrono::milliseconds{random() % 500}};
        heap.add(&o, o.due);
        ++expected_size;
      }
      o.is_in = !o.is_in;
      BOOST_REQUIRE_EQUAL(heap.size(), expected_size);
      if (heap.empty())
        continue;
      auto earliest = penstock::time_point::max();
      for (const owner& x : owners)
        if (x.is_in)
          earliest = std::min(earliest, x.due);
      BOOST_REQUIRE((heap.next_due() == earliest && heap.next()->due == earliest));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
