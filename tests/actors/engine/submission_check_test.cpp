#include "actors/engine/submission_check.hpp"

#include "core/jsonl/jsonl.hpp"
#include "core/base/text.hpp"
#include "tests/support/fake_node.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <limits>
#include <ostream>

using namespace penstock;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

struct bad_job {
  const char* field;
  std::function<void(submission&)> spoil;
};
std::ostream& operator<<(std::ostream& out, const bad_job& x) { return out << x.field; }

core::request request() { return *test::make_request(0); }

shared_request spoilt(const std::function<void(core::request&)>& spoil) {
  auto r = request();
  spoil(r);
  return make_shared_value(std::move(r));
}

const std::vector<bad_job> bad_jobs{
  {"tenant", [](auto& j) { j.options.tenant = ""; }},
  {"tenant", [](auto& j) { j.options.tenant = std::string(201, 'a'); }},
  {"tenant", [](auto& j) { j.options.tenant = "a\nb"; }},
  {"tenant", [](auto& j) { j.options.tenant = "\xFF"; }},
  {"client_id", [](auto& j) { j.options.client_id = "a\r\nx-other: header"; }},
  {"priority", [](auto& j) { j.options.priority = static_cast<core::priority>(7); }},
  {"mode", [](auto& j) { j.options.mode = static_cast<core::mode>(200); }},
  {"cache", [](auto& j) { j.options.cache = static_cast<core::cache_mode>(4); }},
  {"in_flight_max", [](auto& j) { j.options.in_flight_max = 0; }},
  {"in_flight_max", [](auto& j) { j.options.in_flight_max = 0xFFFFFFFF; }},
  {"attempts_max", [](auto& j) { j.options.attempts_max = 0; }},
  {"attempts_max", [](auto& j) { j.options.attempts_max = 101; }},
  {"window_requests", [](auto& j) { j.options.window_requests = 0; }},
  {"window_requests", [](auto& j) { j.options.window_requests = 0xFFFFFFFF; }},
  {"window_bytes", [](auto& j) { j.options.window_bytes = 0; }},
  {"deadline", [](auto& j) { j.options.deadline = -1s; }},
  {"grace_period", [](auto& j) { j.options.grace_period = duration::max(); }},
  {"outage_patience", [](auto& j) { j.options.outage_patience = -1ns; }},
  {"first_patience", [](auto& j) { j.options.first_patience = duration::min(); }},
  {"budget", [](auto& j) { j.options.budget = -1; }},
  {"budget", [](auto& j) { j.options.budget = std::numeric_limits<double>::quiet_NaN(); }},
  {"prices.input",
   [](auto& j) {
     j.options.prices = {{{"m"}, std::numeric_limits<double>::infinity(), 0, 0, 0}};
   }},
  {"prices.reasoning",
   [](auto& j) {
     j.options.prices = {{{"m"}, 0, 0, 0, -1}};
   }},
  {"prices.models",
   [](auto& j) {
     j.options.prices = {{{"m\0n"s}, 0, 0, 0, 0}};
   }},
  {"prices", [](auto& j) { j.options.prices.resize(1001); }},
  {"pack_entries_max", [](auto& j) { j.options.pack_entries_max = 0; }},
  {"pack_tokens_max", [](auto& j) { j.options.pack_tokens_max = 0; }},
  {"pack_canary", [](auto& j) { j.options.pack_canary = 1.5; }},
  {"name", [](auto& j) { j.name = std::string(1001, 'a'); }},
  {"idempotency_key", [](auto& j) { j.idempotency_key = "a\tb"; }},
  {"requests[1]", [](auto& j) { j.requests.push_back({}); }},
  {"requests", [](auto& j) { j.requests.resize(100'001, test::make_request(0)); }},
  {"requests",
   [](auto& j) {
     const auto body = core::make_payload("{\"a\":\"" + std::string(1u << 20, 'a') + "\"}");
     for (int i = 0; i < 64; ++i)
       j.requests.push_back(spoilt([&](auto& r) { r.body = body; }));
   }},
};

struct bad_request {
  const char* field;
  std::function<void(core::request&)> spoil;
};
std::ostream& operator<<(std::ostream& out, const bad_request& x) { return out << x.field; }

const std::vector<bad_request> bad_requests{
  {"body", [](auto& r) { r.body = nullptr; }},
  {"body", [](auto& r) { r.body = core::make_payload(""); }},
  {"body", [](auto& r) { r.body = core::make_payload("{\"a\":"); }},
  {"body", [](auto& r) { r.body = core::make_payload("[1]"); }},
  {"method", [](auto& r) { r.method = "DELETE"; }},
  {"url", [](auto& r) { r.url = "http://other/"; }},
  {"url", [](auto& r) { r.url = "/v1\r\nx"; }},
  {"url", [](auto& r) { r.url = "/" + std::string(5000, 'a'); }},
  {"custom_id", [](auto& r) { r.custom_id = std::string(513, 'a'); }},
  {"custom_id", [](auto& r) { r.custom_id = "a\xC3"; }},
  {"model", [](auto& r) { r.model = "a\xC3"; }},
};

} // namespace

BOOST_AUTO_TEST_SUITE(submission_check)

BOOST_DATA_TEST_CASE(a_bad_job_is_refused_by_the_name_of_the_field,
                     boost::unit_test::data::make(bad_jobs)) {
  submission job;
  job.requests = {test::make_request(0)};
  sample.spoil(job);
  const auto answer = actors::check_submission(job);
  BOOST_REQUIRE(!answer);
  BOOST_TEST((answer.error().code == errc::invalid_input));
  BOOST_TEST_CONTEXT(answer.error().context)
  BOOST_TEST((answer.error().context.find(std::string{sample.field} + ' ') == 0));
}

BOOST_DATA_TEST_CASE(a_bad_request_fails_in_its_place, boost::unit_test::data::make(bad_requests)) {
  const auto r = actors::prepared(spoilt(sample.spoil), 7);
  BOOST_TEST(r->index == 7u);
  BOOST_REQUIRE(r->rejection);
  BOOST_TEST_CONTEXT(r->rejection->context)
  BOOST_TEST(r->rejection->context.starts_with("request 7: " + std::string{sample.field} + ' '));
  BOOST_TEST(core::is_utf8(r->custom_id));
  BOOST_TEST(r->custom_id.size() <= core::custom_id_max);
  BOOST_TEST(actors::prepared(r, 7) == r);
}

BOOST_AUTO_TEST_CASE(a_good_request_is_passed_on_without_a_copy) {
  const auto r = test::make_request(3);
  BOOST_TEST(actors::prepared(r, 3) == r);
  BOOST_TEST(actors::prepared(r, 4)->index == 4u);
  BOOST_TEST(actors::prepared(r, 4)->body == r->body);
}

BOOST_AUTO_TEST_CASE(what_a_command_line_would_ask_for_passes) {
  submission job;
  job.options.in_flight_max = 100'000;
  job.options.deadline = 24h;
  job.options.prices = {{{"gpt-*"}, 2.5, 1.25, 10, 10}};
  job.options.tenant = "Müller & Söhne";
  job.requests = {test::make_request(0)};
  BOOST_TEST(actors::check_submission(job).has_value());
  core::request unusable;
  unusable.rejection = error{errc::invalid_input, "line 2: body is missing"};
  job.requests.push_back(make_shared_value(unusable));
  BOOST_TEST(actors::check_submission(job).has_value());
  job.requests.clear();
  BOOST_TEST(actors::check_submission(job).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
