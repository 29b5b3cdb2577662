#include "core/api/api_route.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace penstock;
using core::api_call;

namespace {

api_call call_of(std::string_view method, std::string_view target) {
  const auto found = core::find_route(method, target);
  BOOST_REQUIRE_MESSAGE(found.route, method << ' ' << target);
  return found.route->call;
}

} // namespace

BOOST_AUTO_TEST_SUITE(api_route)

BOOST_AUTO_TEST_CASE(calls_find_their_rows) {
  BOOST_TEST((call_of("POST", "/v1/chat/completions") == api_call::live));
  BOOST_TEST((call_of("POST", "/v1/chat/completions/") == api_call::live));
  BOOST_TEST((call_of("POST", "/v1/messages?beta=true") == api_call::live));
  BOOST_TEST((call_of("GET", "/v1/models") == api_call::models));
  BOOST_TEST((call_of("GET", "/penstock/v1/jobs/?limit=3") == api_call::list_jobs));
  BOOST_TEST((call_of("GET", "/penstock/v1/jobs/7") == api_call::job));
  BOOST_TEST((call_of("DELETE", "/penstock/v1/keys/key_1") == api_call::revoke_key));
}

BOOST_AUTO_TEST_CASE(parameters_are_decoded) {
  auto found = core::find_route("GET", "/v1/models/meta%2Fllama%203");
  BOOST_REQUIRE(found.route);
  BOOST_TEST(found.params.at(0) == "meta/llama 3");
  found = core::find_route("GET", "/v1/models/meta/llama");
  BOOST_TEST(found.params.at(0) == "meta/llama");
  found = core::find_route("GET", "/penstock/v1/jobs/9/requests/4?x=1");
  BOOST_TEST(found.params == (std::vector<std::string>{"9", "4"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_wrong_method_names_the_right_ones) {
  const auto found = core::find_route("PUT", "/penstock/v1/jobs");
  BOOST_TEST(!found.route);
  BOOST_TEST(found.allowed == "POST, GET");
  BOOST_TEST(core::find_route("PATCH", "/livez").allowed == "GET");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_not_found) {
  for (auto target : {"/", "", "/v2/chat", "/v1", "/penstock/v1", "/penstock/v1/jobs//results",
                      "/penstock/v1/jobs/7/results/x", "livez", "//livez", "/livez2", "/LIVEZ"}) {
    const auto found = core::find_route("GET", target);
    BOOST_TEST((!found.route && found.allowed.empty()), target);
  }
}

BOOST_AUTO_TEST_CASE(query_parameters_are_decoded) {
  BOOST_TEST(core::query_of("/x?a=1&b=two%20words+more&c", "b").value() == "two words more");
  BOOST_TEST(core::query_of("/x?a=1&c", "c").value() == "");
  BOOST_TEST(!core::query_of("/x?a=1", "b").has_value());
  BOOST_TEST(!core::query_of("/x", "a").has_value());
  BOOST_TEST(core::query_of("/x?a=%zz%4", "a").value() == "%zz%4");
  BOOST_TEST(core::query_of("/x?a&a=2", "a").value() == "");
}

BOOST_AUTO_TEST_CASE(the_description_has_every_route) {
  const auto all = boost::json::parse(core::openapi_text("1.2.3")).as_object();
  BOOST_TEST(all.at("info").at("version").as_string() == "1.2.3");
  const auto& paths = all.at("paths").as_object();
  size_t described = 0;
  for (auto& [path, methods] : paths)
    described += methods.as_object().size();
  BOOST_TEST(described == core::api_routes().size());
  BOOST_TEST(paths.contains("/penstock/v1/jobs/{id}/requests/{n}"));
}

BOOST_AUTO_TEST_CASE(only_health_and_description_need_no_key) {
  std::set<std::string_view> open;
  for (auto& route : core::api_routes())
    if (!route.scope)
      open.insert(route.path);
  BOOST_TEST(
    (open == std::set<std::string_view>{"/livez", "/readyz", "/penstock/v1/openapi.json"}));
}

BOOST_AUTO_TEST_SUITE_END()
