#include "core/recipe/stage_request.hpp"
#include "core/protocol/protocol_info.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace penstock;
using namespace penstock::core;
namespace json = boost::json;

namespace {

prompt_template compile(const std::string& text) {
  auto made = prompt_template::compile(text);
  BOOST_REQUIRE(made);
  return *made;
}

recipe_stage stage() {
  recipe_stage s;
  s.name = "grade it";
  s.system = compile("You are {{role}}.");
  s.prompt = compile("Say \"{{word}}\"\n");
  s.parameters = {{"temperature", 0.2}, {"max_tokens", 50}};
  return s;
}

row_scope scope() {
  return {1, {{"role", "a \\ teacher"}, {"word", "é\t\"x\""}, {"files", "a.pdf\n\n b.png \n"}}};
}

json::value parsed(const result<std::string>& body) {
  BOOST_REQUIRE_MESSAGE(body, body.error().context);
  BOOST_TEST(body->find('\n') == std::string::npos);
  return json::parse(*body);
}

} // namespace

BOOST_AUTO_TEST_SUITE(stage_request_suite)

BOOST_AUTO_TEST_CASE(a_stage_becomes_a_chat_body) {
  auto body = stage_body(stage(), scope(), {}, "fallback");
  const auto value = parsed(body);
  BOOST_TEST(value.at("messages").at(1).at("content") == json::value("Say \"é\t\"x\"\"\n"));
  BOOST_TEST(!parsed(stage_body(stage(), scope(), {})).as_object().contains("model"));
  const auto r = stage_request(*body, 4, "row-4");
  BOOST_TEST(!r.rejection);
  BOOST_TEST(r.index == 4u);
  BOOST_TEST(r.custom_id == "row-4");
  BOOST_TEST(r.url == stage_url);
  BOOST_TEST(r.model == "fallback");
  BOOST_TEST(r.output_tokens_max == 50u);
  BOOST_TEST(*r.body == *body);
}

BOOST_AUTO_TEST_CASE(schemas_go_natively_or_in_words) {
  auto s = stage();
  s.schema = *schema_check::compile(json::parse(
    R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})"));
  auto format = parsed(stage_body(s, scope(), {})).at("response_format");
  BOOST_TEST(format.at("json_schema").at("name") == json::value("grade_it"));
  BOOST_TEST(format.at("json_schema").at("strict") == json::value(true));
  BOOST_TEST(format.at("json_schema").at("schema") == s.schema->schema());
  s.schema_in_prompt = true;
  auto body = parsed(stage_body(s, scope(), {}));
  BOOST_TEST(!body.as_object().contains("response_format"));
  BOOST_TEST(body.at("messages").at(0).at("content").as_string().find("additionalProperties") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(documents_become_parts_before_the_prompt) {
  auto s = stage();
  s.documents = {compile("{{files}}"), compile("{{absent}}")};
  BOOST_TEST((*document_names(s, scope()) == std::vector<std::string>{"a.pdf", "b.png"}));
  const std::vector<document> documents{
    {"a.pdf", document_kind::file, "application/pdf", "%PDF-"},
    {"b.png", document_kind::image, "image/png", "\xff"},
    {"c.docx", document_kind::text, "text/plain", "words"},
  };
  const auto content = parsed(stage_body(s, scope(), documents)).at("messages").at(1).at("content");
  BOOST_TEST(content.at(0).at("file").at("file_data") ==
             json::value("data:application/pdf;base64,JVBERi0="));
  BOOST_TEST(content.at(0).at("file").at("filename") == json::value("a.pdf"));
  BOOST_TEST(content.at(1).at("image_url").at("url") == json::value("data:image/png;base64,/w=="));
  BOOST_TEST(content.at(2).at("text") ==
             json::value("<document name=\"c.docx\">\nwords\n</document>"));
  BOOST_TEST(content.at(3).at("text") == json::value("Say \"é\t\"x\"\"\n"));
}

BOOST_AUTO_TEST_CASE(an_empty_prompt_is_refused) {
  auto s = stage();
  s.prompt = compile("{{absent}} \n");
  auto body = stage_body(s, scope(), {});
  BOOST_REQUIRE(!body);
  BOOST_TEST((body.error().code == errc::invalid_input));
  BOOST_TEST(body.error().context == "the prompt is empty for this row");
}

BOOST_AUTO_TEST_CASE(a_correction_goes_on_from_the_first_body) {
  const auto first = *stage_body(stage(), scope(), {}, "m");
  const auto value = json::parse(correction_body(first, "bad \"answer\"", "$.a: must be string"));
  auto& messages = value.at("messages").as_array();
  BOOST_REQUIRE(messages.size() == 4u);
  BOOST_TEST(messages[2] == (json::value{{"role", "assistant"}, {"content", "bad \"answer\""}}));
  BOOST_TEST(messages[3].at("content").as_string().find("$.a: must be string") !=
             std::string::npos);
  auto rest = value.as_object();
  auto whole = json::parse(first).as_object();
  rest.erase("messages");
  whole.erase("messages");
  BOOST_TEST((rest == whole));
}

BOOST_AUTO_TEST_CASE(a_correction_leaves_the_thoughts_out) {
  const auto first = *stage_body(stage(), scope(), {}, "m");
  const auto said = [&](std::string_view answer) {
    const auto value = json::parse(correction_body(first, answer, "fault"));
    return std::string{value.at("messages").as_array()[2].at("content").as_string()};
  };
  BOOST_TEST(said("<think>long</think>\n{\"a\":1}") == "{\"a\":1}");
  BOOST_TEST(said("no tag before\n</think>\n{}") == "{}");
  BOOST_TEST(said("<think>only thoughts</think> ") == "(empty)");
  BOOST_TEST(said("<think>never closed") == "(empty)");
  BOOST_TEST(said("plain") == "plain");
}

BOOST_AUTO_TEST_CASE(only_providers_that_read_pdf_get_it) {
  BOOST_TEST(takes_pdf("anthropic", "http://127.0.0.1:1"));
  BOOST_TEST(takes_pdf("openai", "https://api.openai.com/v1"));
  BOOST_TEST(!takes_pdf("openai", "http://localhost:8000/v1"));
  BOOST_TEST(!takes_pdf("ollama", "http://localhost:11434"));
}

BOOST_AUTO_TEST_SUITE_END()
