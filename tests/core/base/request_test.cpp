#include "core/base/request.hpp"
#include "core/base/http.hpp"

#include <boost/test/unit_test.hpp>

using namespace penstock::core;

BOOST_AUTO_TEST_SUITE(request_data)

BOOST_AUTO_TEST_CASE(every_mode_reads_back_from_its_name) {
  for (auto m : {mode::automatic, mode::parallel, mode::batch, mode::sequential})
    BOOST_TEST((mode_from(to_string(m)) == m));
  BOOST_TEST(!mode_from("Parallel"));
  BOOST_TEST(!mode_from(""));
}

BOOST_AUTO_TEST_CASE(every_priority_reads_back_from_its_name) {
  for (auto p : {priority::interactive, priority::normal, priority::bulk})
    BOOST_TEST((priority_from(to_string(p)) == p));
  BOOST_TEST(!priority_from("urgent"));
}

BOOST_AUTO_TEST_CASE(a_missing_header_reads_as_empty) {
  http_response r;
  r.headers = {{"retry-after", "3"}};
  BOOST_TEST(header(r, "retry-after") == "3");
  BOOST_TEST(header(r, "x-request-id").empty());
}

BOOST_AUTO_TEST_SUITE_END()
