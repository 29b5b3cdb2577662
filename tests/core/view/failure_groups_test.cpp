#include "core/view/failure_groups.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(failure_groups_suite)

BOOST_AUTO_TEST_CASE(numbers_and_ids_do_not_make_a_cause) {
  BOOST_TEST(normalized_cause("limit 500, used 4987. Try again in 1.5s") ==
             normalized_cause("limit 600, used 12. Try again in 20.25s"));
  BOOST_TEST(normalized_cause("request req_011CSHoEeqs5 failed") == "request ID failed");
  BOOST_TEST(normalized_cause("no model is named so") == "no model is named so");
  BOOST_TEST(normalized_cause("").empty());
}

BOOST_AUTO_TEST_CASE(failures_of_one_cause_are_counted_with_the_first_as_example) {
  failure_groups f;
  f.add("a", "invalid_request", 400, "at position 12: bad");
  f.add("b", "timeout", 0, "no answer in 600 s");
  f.add("c", "invalid_request", 400, "at position 7: bad");
  const auto groups = f.sorted();
  BOOST_REQUIRE(groups.size() == 2u);
  BOOST_TEST(groups[0].count == 2u);
  BOOST_TEST(groups[0].example_id == "a");
  BOOST_TEST(groups[0].example == "at position 12: bad");
  BOOST_TEST(f.text(5).find("2 x invalid_request 400\n") != std::string::npos, f.text(5));
  BOOST_TEST(f.text(5).find("for example a: at position 12: bad") != std::string::npos, f.text(5));
  BOOST_TEST(f.text(1).find("1 of other causes") != std::string::npos, f.text(1));
  BOOST_TEST(f.json().size() == 2u);
  BOOST_TEST(f.json()[0].at("count").as_uint64() == 2u);
  BOOST_TEST(f.json()[0].at("example").at("custom_id").as_string() == "a");
}

BOOST_AUTO_TEST_CASE(the_memory_is_bounded_and_nothing_goes_uncounted) {
  failure_groups f;
  for (int i = 0; i < 1000; ++i)
    f.add("x", "invalid_request", 400, std::string(static_cast<size_t>(i % 50), 'w'));
  uint64_t sum = f.others();
  for (auto& g : f.sorted())
    sum += g.count;
  BOOST_TEST(f.sorted().size() == failure_groups::causes_max);
  BOOST_TEST(sum == 1000u);
}

BOOST_AUTO_TEST_CASE(each_cause_says_what_to_do) {
  BOOST_TEST(remedy_of("bad_request", 404, "").find("model") != std::string_view::npos);
  BOOST_TEST(remedy_of("bad_request", 400, "raise max_tokens").find("max_tokens") !=
             std::string_view::npos);
  BOOST_TEST(remedy_of("timeout", 0, "").find("--timeout") != std::string_view::npos);
  BOOST_TEST(remedy_of("internal", 0, "").empty());
  failure_groups f;
  f.add("a", "timeout", 0, "no answer in 600 s");
  BOOST_TEST(f.text(5).find("remedy: raise --timeout") != std::string::npos, f.text(5));
  BOOST_TEST(f.json()[0].at("remedy").as_string().starts_with("raise --timeout"));
}

BOOST_AUTO_TEST_CASE(an_empty_group_says_nothing) {
  BOOST_TEST(failure_groups{}.text(5).empty());
  BOOST_TEST(failure_groups{}.json().empty());
}

BOOST_AUTO_TEST_SUITE_END()
