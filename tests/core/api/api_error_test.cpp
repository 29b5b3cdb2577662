#include "core/api/api_error.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using core::api_dialect;

namespace {

boost::json::object body(api_dialect d, const core::api_failure& f) {
  return boost::json::parse(core::failure_body(d, f, "req_1")).as_object();
}

} // namespace

BOOST_AUTO_TEST_SUITE(api_error)

BOOST_AUTO_TEST_CASE(the_path_tells_the_dialect) {
  BOOST_TEST((core::dialect_of("/v1/chat/completions") == api_dialect::openai));
  BOOST_TEST((core::dialect_of("/v1/messages") == api_dialect::anthropic));
  BOOST_TEST((core::dialect_of("/v1/messages/batches/x") == api_dialect::anthropic));
  BOOST_TEST((core::dialect_of("/v1/messagesx") == api_dialect::openai));
  BOOST_TEST((core::dialect_of("/v12/x") == api_dialect::penstock));
  BOOST_TEST((core::dialect_of("/penstock/v1/jobs") == api_dialect::penstock));
}

BOOST_AUTO_TEST_CASE(each_dialect_has_its_form) {
  const core::api_failure f{429, "too \"many\"", "rate_limited", "model", 3};
  const auto openai = body(api_dialect::openai, f).at("error").as_object();
  BOOST_TEST(openai.at("message").as_string() == "too \"many\"");
  BOOST_TEST(openai.at("type").as_string() == "rate_limit_error");
  BOOST_TEST(openai.at("code").as_string() == "rate_limited");
  BOOST_TEST(openai.at("param").as_string() == "model");
  const auto anthropic = body(api_dialect::anthropic, f);
  BOOST_TEST(anthropic.at("type").as_string() == "error");
  BOOST_TEST(anthropic.at("error").at("type").as_string() == "rate_limit_error");
  BOOST_TEST(anthropic.at("request_id").as_string() == "req_1");
  const auto ours = body(api_dialect::penstock, f);
  BOOST_TEST(ours.at("status").as_int64() == 429);
  BOOST_TEST(ours.at("detail").as_string() == "too \"many\"");
  BOOST_TEST(core::failure_type(api_dialect::penstock) == "application/problem+json");
}

BOOST_AUTO_TEST_CASE(absent_members_of_openai_are_null) {
  const auto o = body(api_dialect::openai, {400, "x", {}, {}, {}}).at("error").as_object();
  BOOST_TEST(o.at("param").is_null());
  BOOST_TEST(o.at("code").is_null());
  BOOST_TEST(o.at("type").as_string() == "invalid_request_error");
}

BOOST_AUTO_TEST_CASE(every_error_of_the_engine_has_a_status) {
  for (int code = 1; code <= 31; ++code) {
    const auto f = core::failure_of({static_cast<errc>(code), ""});
    BOOST_TEST((f.status >= 400 && f.status < 600), code);
    BOOST_TEST(!f.message.empty());
  }
  BOOST_TEST(core::failure_of({errc::disk_full, "x"}).status == 507);
  // Our key at the provider is not the caller's key.
  BOOST_TEST(core::failure_of({errc::unauthorized, "x"}).status == 502);
  BOOST_TEST(core::failure_of({errc::overflow, "x"}).retry_after.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
