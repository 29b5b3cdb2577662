#include "core/job/suspects.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::core;

namespace {

struct suspects_fixture {
  request_window window;
  suspects rules;

  suspects_fixture() {
    for (uint64_t i = 0; i < 3; ++i) {
      request r;
      r.index = i;
      window.push(std::make_shared<const request>(r));
    }
  }
  suspects::verdict lose(uint64_t index) {
    window.hand_out(index, 1);
    const auto verdict = suspects::lost(*window.find(index));
    if (verdict != suspects::verdict::failed)
      window.move(index, request_state::ready);
    return verdict;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(suspects_suite, suspects_fixture)

BOOST_AUTO_TEST_CASE(the_third_loss_in_a_row_fails_a_request) {
  BOOST_TEST((lose(0) == suspects::verdict::again));
  BOOST_TEST((lose(0) == suspects::verdict::alone));
  BOOST_TEST((window.find(0)->state == request_state::suspected));
  BOOST_TEST((lose(0) == suspects::verdict::failed));
}

BOOST_AUTO_TEST_CASE(an_attempt_that_ends_clears_a_request) {
  lose(0);
  suspects::cleared(*window.find(0));
  BOOST_TEST((lose(0) == suspects::verdict::again));
}

BOOST_AUTO_TEST_CASE(one_suspect_is_in_flight_at_a_time) {
  for (uint64_t i = 0; i < 2; ++i) {
    lose(i);
    lose(i);
  }
  BOOST_TEST((rules.next(window) == std::optional<uint64_t>{0}));
  BOOST_TEST(rules.may_go(window, 1));
  window.hand_out(0, 1);
  rules.begin(0);
  BOOST_TEST(!rules.next(window).has_value());
  BOOST_TEST(!rules.may_go(window, 1));
  BOOST_TEST(rules.may_go(window, 2)); // Not a suspect.
  rules.end(2);
  BOOST_TEST(!rules.may_go(window, 1));
  rules.end(0);
  BOOST_TEST((rules.next(window) == std::optional<uint64_t>{1}));
}

BOOST_AUTO_TEST_CASE(a_request_outside_the_window_may_not_go) {
  BOOST_TEST(!rules.may_go(window, 3));
}

BOOST_AUTO_TEST_SUITE_END()
