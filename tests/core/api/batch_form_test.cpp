#include "core/api/batch_form.hpp"

#include "core/jsonl/jsonl.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using core::batch_state;

namespace {

core::api_failure bad(std::string_view body) {
  const auto read = core::read_batch_form(body);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<core::api_failure>(read), body);
  return std::get<core::api_failure>(read);
}

core::outcome outcome(core::outcome_state state) {
  core::outcome o;
  o.index = 3;
  o.custom_id = "c";
  o.state = state;
  if (state == core::outcome_state::completed) {
    o.status_code = 200;
    o.body = core::make_payload("{}");
  } else {
    o.failure =
      error{state == core::outcome_state::expired ? errc::expired : errc::server_error, "x"};
  }
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(batch_form)

BOOST_AUTO_TEST_CASE(the_body_of_a_batch_is_checked) {
  const auto read = core::read_batch_form(
    R"({"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h",
        "metadata":{"a":"b"},"more":1})");
  BOOST_REQUIRE(std::holds_alternative<core::batch_form>(read));
  const auto& form = std::get<core::batch_form>(read);
  BOOST_TEST(form.input_file == "file-1");
  BOOST_TEST(form.metadata == R"({"a":"b"})");
  BOOST_TEST((form.deadline == std::chrono::hours{24}));
  const std::string begin =
    R"({"input_file_id":"f","endpoint":"/v1/embeddings","completion_window":)";
  BOOST_TEST(bad(begin + "\"5s\"}").param == "completion_window");
  BOOST_TEST(bad(begin + "\"31d\"}").param == "completion_window");
  BOOST_TEST(bad(begin + "7}").param == "completion_window");
  BOOST_TEST(bad(begin + R"("24h","metadata":[]})").param == "metadata");
  BOOST_TEST(
    bad(R"({"input_file_id":"f","endpoint":"/v1/files","completion_window":"24h"})").param ==
    "endpoint");
  for (auto body : {"", "[]", "{}", "{", R"({"input_file_id":7,"endpoint":"/v1/embeddings"})"})
    BOOST_TEST(bad(body).param == "input_file_id", body);
}

BOOST_AUTO_TEST_CASE(a_batch_comes_back_from_the_store) {
  core::api_batch b;
  b.id = "batch_1";
  b.tenant = "t\"x";
  b.endpoint = "/v1/chat/completions";
  b.metadata = R"({"k":"v"})";
  b.state = batch_state::cancelling;
  b.job = 1u << 20;
  b.total = 12;
  b.cancelling = 1'800'000'000;
  b.faults.push_back({"c", "m", "p", 4});
  const auto back = core::batch_from(core::stored_batch(b));
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(core::stored_batch(*back) == core::stored_batch(b));
  BOOST_TEST(back->tenant == b.tenant);
  BOOST_TEST(back->faults.at(0).line == 4u);
  BOOST_TEST(!core::batch_from("{").has_value());
  BOOST_TEST(core::batch_from("{}").has_value());
}

BOOST_AUTO_TEST_CASE(unset_members_are_null) {
  core::api_batch b;
  b.id = "batch_1";
  b.created = 5;
  const auto o = boost::json::parse(core::batch_text(b)).as_object();
  for (auto name : {"errors", "output_file_id", "error_file_id", "completed_at", "metadata",
                    "cancelled_at", "in_progress_at"})
    BOOST_TEST(o.at(name).is_null(), name);
  BOOST_TEST(o.at("status").as_string() == "validating");
  BOOST_TEST(o.at("request_counts").at("total").as_int64() == 0);
  core::api_file f;
  f.id = "file-1";
  BOOST_TEST(boost::json::parse(core::file_text(f)).at("expires_at").is_null());
  const auto list = boost::json::parse(core::openai_list({}, {}, false));
  BOOST_TEST(list.at("first_id").is_null());
}

BOOST_AUTO_TEST_CASE(each_line_goes_into_one_file) {
  using core::outcome_state;
  const auto line = [](outcome_state s) {
    return core::make_batch_line(core::output_line(outcome(s)));
  };
  BOOST_TEST(!line(outcome_state::completed).is_error);
  BOOST_TEST(line(outcome_state::failed).is_error);
  const auto code = [&](outcome_state s) {
    const auto o = boost::json::parse(line(s).text).as_object();
    BOOST_TEST(o.at("response").is_null());
    BOOST_TEST(o.at("custom_id").as_string() == "c");
    return std::string{o.at("error").at("code").as_string()};
  };
  BOOST_TEST(code(outcome_state::expired) == "batch_expired");
  BOOST_TEST(code(outcome_state::cancelled) == "batch_cancelled");
  BOOST_TEST(line(outcome_state::completed).text.ends_with('\n'));
}

BOOST_AUTO_TEST_SUITE_END()
