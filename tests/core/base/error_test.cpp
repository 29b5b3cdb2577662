#include "core/base/error.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <utility>

using namespace penstock;

BOOST_AUTO_TEST_SUITE(error_suite)

// Journals, stores and other versions of the program hold these numbers and names.
BOOST_AUTO_TEST_CASE(every_code_keeps_its_number_and_its_name) {
  const std::pair<int, std::string_view> pinned[]{
    {1, "invalid_config"},    {2, "invalid_input"},
    {3, "rate_limited"},      {4, "quota_exhausted"},
    {5, "billing"},           {6, "unauthorized"},
    {7, "request_too_large"}, {8, "bad_request"},
    {9, "server_error"},      {10, "overloaded"},
    {11, "timeout"},          {12, "connection_failed"},
    {13, "bad_response"},     {14, "response_too_large"},
    {15, "unavailable"},      {16, "cancelled"},
    {17, "expired"},          {18, "poison"},
    {19, "io_error"},         {20, "disk_full"},
    {21, "locked"},           {22, "corrupt"},
    {23, "input_changed"},    {24, "overflow"},
    {25, "not_packable"},     {26, "internal"},
    {27, "budget_exhausted"}, {28, "schema_mismatch"},
    {29, "pack_mismatch"},    {30, "not_found"},
    {31, "incompatible"},
  };
  std::set<std::string_view> names;
  for (auto& [number, name] : pinned) {
    BOOST_TEST(to_string(static_cast<errc>(number)) == name, number << " is not " << name);
    names.insert(name);
  }
  BOOST_TEST(names.size() == std::size(pinned));
  // A new code gets a row above.
  for (int number = 0; number < 256; ++number)
    BOOST_TEST((to_string(static_cast<errc>(number)) != "unknown") ==
                 (number >= 1 && number <= static_cast<int>(std::size(pinned))),
               number);
}

BOOST_AUTO_TEST_SUITE_END()
