#include "core/api/job_form.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace std::chrono_literals;

namespace {

core::job_form good(std::string_view body, std::string_view target = "/penstock/v1/jobs",
                    std::string_view type = "application/json") {
  auto read = core::read_job_form({}, type, body, target);
  if (auto* bad = std::get_if<core::api_failure>(&read))
    BOOST_FAIL(bad->message);
  return std::get<core::job_form>(read);
}

core::api_failure bad(std::string_view body, std::string_view target = "/penstock/v1/jobs") {
  auto read = core::read_job_form({}, "application/json", body, target);
  auto* failure = std::get_if<core::api_failure>(&read);
  BOOST_REQUIRE_MESSAGE(failure, body);
  BOOST_TEST(failure->status == 400);
  return *failure;
}

constexpr std::string_view chat =
  R"({"model":"m","messages":[{"role":"user","content":"a,]}\""}]})";

} // namespace

BOOST_AUTO_TEST_SUITE(job_form)

BOOST_AUTO_TEST_CASE(an_object_has_requests_and_options) {
  const auto text =
    std::string{R"({"name":"n","mode":"parallel","max_in_flight":5,"priority":"bulk",
    "deadline":"90s","budget":1.5,"attempts":3,"cache":"on","unknown":[1],"requests":[)"} +
    std::string{chat} + R"( , {"custom_id":"x","body":)" + std::string{chat} + "}]}";
  const auto form = good(text);
  BOOST_TEST(form.name == "n");
  BOOST_TEST((form.options.mode == core::mode::parallel));
  BOOST_TEST(form.options.in_flight_max == 5u);
  BOOST_TEST((form.options.priority == core::priority::bulk));
  BOOST_TEST((form.options.deadline == 90s));
  BOOST_TEST(form.options.budget == 1.5);
  BOOST_TEST(form.options.attempts_max == 3u);
  BOOST_REQUIRE(form.requests.size() == 2u);
  BOOST_TEST(*form.requests[0].body == chat);
  BOOST_TEST(form.requests[0].custom_id == "request-0");
  BOOST_TEST(form.requests[1].custom_id == "x");
  BOOST_TEST(form.requests[1].index == 1u);
}

BOOST_AUTO_TEST_CASE(arrays_and_lines_take_options_from_the_query) {
  const auto array = "[" + std::string{chat} + "," + std::string{chat} + "]";
  BOOST_TEST(good(array, "/penstock/v1/jobs?mode=batch&name=a%20b").name == "a b");
  BOOST_TEST(good(array).requests.size() == 2u);
  const auto lines = std::string{chat} + "\n\n" + std::string{chat} + "\r\n";
  BOOST_TEST(good(lines, "/penstock/v1/jobs", "application/jsonl").requests.size() == 2u);
  BOOST_TEST(good(lines).requests.size() == 2u); // Whatever type curl sends.
  BOOST_TEST(good(chat, "/x", "application/jsonl").requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_a_failed_result_unless_strict) {
  const auto text = std::string{R"({"requests":[)"} + std::string{chat} + R"(,{"x":1},7]})";
  const auto form = good(text);
  BOOST_REQUIRE(form.requests.size() == 3u);
  BOOST_TEST(!form.requests[0].rejection.has_value());
  BOOST_TEST(form.requests[1].rejection.has_value());
  BOOST_TEST(form.requests[2].rejection.has_value());
  const auto why = bad(text, "/penstock/v1/jobs?strict=true");
  BOOST_TEST(why.param == "requests[1]");
}

BOOST_AUTO_TEST_CASE(wrong_options_are_named) {
  const auto with = [](std::string_view option) {
    return "{" + std::string{option} + R"(,"requests":[)" + std::string{chat} + "]}";
  };
  BOOST_TEST(bad(with(R"("mode":"fast")")).param == "mode");
  BOOST_TEST(bad(with(R"("max_in_flight":0)")).param == "max_in_flight");
  BOOST_TEST(bad(with(R"("max_in_flight":2.5)")).param == "max_in_flight");
  BOOST_TEST(bad(with(R"("deadline":"soon")")).param == "deadline");
  BOOST_TEST(bad(with(R"("budget":"-1")")).param == "budget");
  BOOST_TEST(bad(R"({"requests":{}})").param == "requests");
  BOOST_TEST(bad(R"({"requests":[]})").param == "requests");
  BOOST_TEST(bad("").message.find("empty") != std::string::npos);
  BOOST_TEST(bad("{not json").message.find("JSON") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_job_is_shown_with_its_counts) {
  core::job_info j;
  j.id = 9'007'199'254'740'993; // More than a JavaScript number holds: ids are texts.
  j.name = "n";
  j.tenant = "t";
  j.requests = 10;
  j.created = 1'700'000'000'000;
  j.progress.completed = 4;
  j.progress.in_flight = 2;
  const auto o = boost::json::parse(core::job_text(j, j.created + 2000)).as_object();
  BOOST_TEST(o.at("id").as_string() == "9007199254740993");
  BOOST_TEST(o.at("state").as_string() == "running");
  BOOST_TEST(o.at("created_at").as_string() == "2023-11-14T22:13:20.000Z");
  BOOST_TEST(o.at("ended_at").is_null());
  BOOST_TEST(o.at("counts").at("queued").as_int64() == 4);
  BOOST_TEST(o.at("rate_per_second").to_number<double>() == 2.0);
  BOOST_TEST(o.at("eta_seconds").to_number<double>() == 3.0);
  j.progress.completed = j.progress.in_flight = 0;
  BOOST_TEST(boost::json::parse(core::job_text(j, j.created)).at("state").as_string() == "queued");
  const auto list = boost::json::parse(core::job_list_text({j, j}, j.created, "7"));
  BOOST_TEST(list.at("has_more").as_bool());
  BOOST_TEST(list.at("next_cursor").as_string() == "7");
  const auto whole = boost::json::parse(core::job_text(j, j.created, {R"({"a":1})", "2"}));
  BOOST_TEST(whole.at("results").as_array().size() == 2u);
}

BOOST_AUTO_TEST_CASE(waits_are_bounded) {
  BOOST_TEST((core::read_wait("30", "") == 30s));
  BOOST_TEST((core::read_wait("", "respond-async, wait=5") == std::nullopt));
  BOOST_TEST((core::read_wait("", "wait=5, x") == 5s));
  BOOST_TEST((core::read_wait("1e300", "") == 600s));
  BOOST_TEST(!core::read_wait("", "").has_value());
  BOOST_TEST(!core::read_wait("soon", "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
