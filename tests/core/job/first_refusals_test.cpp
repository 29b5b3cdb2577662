#include "core/job/first_refusals.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
using advice = first_refusals::advice;

namespace {

outcome refusal(int status, std::string text, std::string body = {}) {
  outcome o;
  o.state = outcome_state::failed;
  o.status_code = status;
  o.failure = error{errc::bad_request, std::move(text)};
  o.body = make_payload(std::move(body));
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(first_refusals_suite)

BOOST_AUTO_TEST_CASE(refusals_of_one_kind_and_no_success_stop_the_job) {
  first_refusals f;
  for (uint64_t i = 0; i + 1 < first_refusals::enough; ++i)
    BOOST_TEST((f.refused(i, "404 model_not_found") == advice::withhold));
  BOOST_TEST((f.refused(29, "404 model_not_found") == advice::stop_job));
  BOOST_TEST(f.release().empty()); // No refusal is final.
}

BOOST_AUTO_TEST_CASE(a_success_before_or_after_makes_bad_requests_final) {
  first_refusals before;
  before.answered(1);
  BOOST_TEST((before.refused(0, "400") == advice::is_final));
  first_refusals after;
  BOOST_TEST((after.refused(3, "400") == advice::withhold));
  BOOST_TEST(after.waiting() == 1u);
  after.answered(2);
  BOOST_TEST((after.release() == std::set<uint64_t>{3}));
  BOOST_TEST(after.waiting() == 0u);
  BOOST_TEST(after.release().empty());
  BOOST_TEST((after.refused(4, "400") == advice::is_final));
}

BOOST_AUTO_TEST_CASE(refusals_that_differ_are_about_their_requests) {
  first_refusals f;
  BOOST_TEST((f.refused(0, "400 a") == advice::withhold));
  BOOST_TEST((f.refused(1, "400 b") == advice::is_final));
  BOOST_TEST((f.release() == std::set<uint64_t>{0}));
}

BOOST_AUTO_TEST_CASE(a_key_that_never_worked_needs_few_different_requests) {
  first_refusals f;
  BOOST_TEST((f.key_refused(0, 1, true) == advice::withhold));
  BOOST_TEST((f.key_refused(0, 1, true) == advice::withhold)); // The same request again.
  BOOST_TEST((f.key_refused(1, 1, true) == advice::withhold));
  BOOST_TEST((f.key_refused(2, 1, true) == advice::stop_job));
  BOOST_TEST(!f.settle());
}

BOOST_AUTO_TEST_CASE(a_page_of_a_firewall_among_good_answers_is_about_its_request) {
  first_refusals f;
  for (uint64_t i = 0; i < 50; ++i) {
    BOOST_TEST((f.key_refused(i, 2 * i, false) == advice::withhold));
    f.answered(2 * i + 1);
    BOOST_TEST((f.release() == std::set<uint64_t>{i}));
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_taken_away_stops_the_job) {
  first_refusals f;
  f.answered(1);
  for (uint64_t i = 1; i < first_refusals::enough_of_working_key; ++i) {
    BOOST_TEST((f.key_refused(i, 100, true) == advice::withhold));
    f.answered(99); // It was in flight when the key was revoked.
  }
  BOOST_TEST((f.key_refused(10, 100, true) == advice::stop_job));
  BOOST_TEST(f.release().empty());
}

BOOST_AUTO_TEST_CASE(what_is_left_at_the_end_is_final_if_the_key_has_worked) {
  first_refusals f;
  f.answered(1);
  f.key_refused(7, 2, false);
  BOOST_TEST(f.settle());
  BOOST_TEST((f.release() == std::set<uint64_t>{7}));
  first_refusals taken_away;
  taken_away.answered(1);
  taken_away.key_refused(7, 2, true);
  BOOST_TEST(!taken_away.settle());
  first_refusals never;
  never.refused(0, "404");
  BOOST_TEST(!never.settle());
  BOOST_TEST(never.release().empty());
}

BOOST_AUTO_TEST_CASE(ids_and_places_do_not_tell_refusals_apart) {
  BOOST_TEST(kind_of_refusal(refusal(404, "no model x (request req_17a)")) ==
             kind_of_refusal(refusal(404, "no model x (request req_9)")));
  BOOST_TEST(kind_of_refusal(refusal(404, "no model x")) !=
             kind_of_refusal(refusal(400, "no model x")));
  BOOST_TEST(kind_of_refusal(refusal(404, "no model x")) !=
             kind_of_refusal(refusal(404, "no model y")));
}

BOOST_AUTO_TEST_CASE(what_names_the_content_is_about_one_request) {
  BOOST_TEST(is_about_content(refusal(400, "x", R"({"error":{"code":"content_filter"}})")));
  BOOST_TEST(is_about_content(refusal(400, "This model's maximum context length is 8192 tokens")));
  BOOST_TEST(!is_about_content(refusal(404, "The model `gpt-5o` does not exist")));
}

BOOST_AUTO_TEST_SUITE_END()
