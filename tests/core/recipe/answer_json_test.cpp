#include "core/recipe/answer_json.hpp"
#include "core/json/json_text.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
namespace json = boost::json;

namespace {

std::string body(std::string_view content, std::string_view finish = "stop") {
  return json::serialize(json::value{
    {"choices", json::array{json::value{{"message", {{"role", "assistant"}, {"content", content}}},
                                        {"finish_reason", finish}}}}});
}

std::string found(std::string_view text) {
  auto value = find_json(text);
  BOOST_REQUIRE_MESSAGE(value, value.error().context);
  return json_text(*value);
}

std::string not_found(std::string_view text) {
  auto value = find_json(text);
  BOOST_REQUIRE_MESSAGE(!value, text);
  BOOST_TEST((value.error().code == errc::schema_mismatch));
  return value.error().context;
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_json)

BOOST_AUTO_TEST_CASE(json_is_found_bare_fenced_and_in_prose) {
  BOOST_TEST(found(" {\"a\": 1}\n") == R"({"a":1})");
  BOOST_TEST(found("Sure!\n```json\n{\"a\": \"x ``` y\"}\n```\nHope that helps.") ==
             R"({"a":"x ``` y"})");
  BOOST_TEST(found("```\nno json\n```\n```json\n[1,2]\n```") == "[1,2]");
  BOOST_TEST(found("The answer is {\"a\": \"} {\"} as you see.") == R"({"a":"} {"})");
  BOOST_TEST(found("Use list[] and {x}: [1, {\"b\": []}]") == R"([1,{"b":[]}])");
  BOOST_TEST(found("```json\n{\"a\":1}") == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_says_where_it_breaks) {
  BOOST_TEST(has(not_found(""), "empty"));
  BOOST_TEST(has(not_found("I cannot."), "holds no JSON"));
  BOOST_TEST(has(not_found("{\"a\": 1,}"), "broken at byte"));
  BOOST_TEST(has(not_found("{\"a\": [1, 2"), "broken at byte 11"));
}

BOOST_AUTO_TEST_CASE(the_words_come_out_of_every_shape) {
  BOOST_TEST(read_answer(body("hi"))->text == "hi");
  BOOST_TEST(read_answer(body("hi", "length"))->finish_reason == "length");
  BOOST_TEST(
    read_answer(
      R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})")
      ->text == "ab");
  BOOST_TEST(
    read_answer(
      R"({"output":[{"type":"reasoning"},{"type":"message","content":[{"type":"output_text","text":"r"}]}]})")
      ->text == "r");
}

BOOST_AUTO_TEST_CASE(refused_and_empty_answers_are_errors) {
  auto refusal = read_answer(R"({"choices":[{"message":{"content":null,"refusal":"I won't"}}]})");
  BOOST_REQUIRE(!refusal);
  BOOST_TEST((refusal.error().code == errc::bad_request));
  BOOST_TEST(has(refusal.error().context, "I won't"));
  BOOST_TEST((read_answer(body("x", "content_filter")).error().code == errc::bad_request));
  for (auto text :
       {"", "no", "[]", "{}", R"({"choices":[]})", R"({"choices":[7]})",
        R"({"choices":[{"message":{"tool_calls":[]}}]})", R"({"output":[{"type":"x"}]})"})
    BOOST_TEST((read_answer(text).error().code == errc::bad_response), text);
}

BOOST_AUTO_TEST_CASE(answers_are_checked_and_cut_ones_say_so) {
  auto schema = schema_check::compile(json::parse(R"({"type":"object","required":["a"]})"));
  BOOST_REQUIRE(schema);
  auto good = accept_answer(body("so: {\"a\": 2}"), &*schema);
  BOOST_REQUIRE(good);
  BOOST_TEST(json_text(good->json) == R"({"a":2})");
  BOOST_TEST(good->text == "so: {\"a\": 2}");
  auto bad = accept_answer(body("{\"b\": 2}"), &*schema);
  BOOST_TEST((bad.error().code == errc::schema_mismatch));
  BOOST_TEST(has(bad.error().context, "'a'"));
  BOOST_TEST(
    has(accept_answer(body("{\"a\": ", "length"), &*schema).error().context, "max_tokens"));
  const auto cut = accept_answer(body("half a", "length"), nullptr);
  BOOST_TEST((cut.error().code == errc::bad_response));
  BOOST_TEST(has(cut.error().context, "raise max_tokens"));
  BOOST_TEST(accept_answer(body("half a", "length"), nullptr, truncated_mode::mark)->text ==
             "half a");
}

BOOST_AUTO_TEST_CASE(thoughts_before_a_text_are_no_part_of_it) {
  for (auto text : {"<think>a</think>\n\nB.", "\n<thinking>\na\n</thinking>B.",
                    "<think>a</think><think>b</think> B.", "a\n</think>\n\nB.", "a b.</think>\nB.",
                    "[THINK]a[/THINK]B.", "<reasoning></reasoning>\nB."})
    BOOST_TEST(without_thoughts(text) == "B.", text);
  for (auto text : {"Models write <think>a</think> first.", "Use `</think>` at the end.",
                    "B. <think>", "See <think>\n</think>\nas shown.", " B.\n", "", "<thinker>B."})
    BOOST_TEST(without_thoughts(text) == text, text);
  for (auto text :
       {"<think>", "<think>a", "<think>a</think>", "<think>a</think>\n ", "a\n</think>"})
    BOOST_TEST(without_thoughts(text).empty(), text);
}

BOOST_AUTO_TEST_CASE(an_answer_without_text_is_asked_again_or_fails) {
  for (auto text : {"", "\n\n", " ", "<think>a</think>", "<think>a"}) {
    BOOST_TEST((accept_answer(body(text), nullptr).error().code == errc::schema_mismatch), text);
    const auto cut = accept_answer(body(text, "length"), nullptr);
    BOOST_REQUIRE(!cut);
    BOOST_TEST((cut.error().code == errc::bad_response), text);
    BOOST_TEST(has(cut.error().context, "raise max_tokens"));
  }
  BOOST_TEST(accept_answer(body("<think>a</think>B."), nullptr)->text == "B.");
}

BOOST_AUTO_TEST_CASE(the_value_that_fits_is_taken_and_drafts_are_not) {
  const auto schema = schema_check::compile(
    json::parse(R"({"type":"object","required":["s"],"properties":{"s":{"type":"integer"}}})"));
  BOOST_REQUIRE(schema);
  for (auto text : {R"(<think>{"s":2}</think>{"s":8})", R"({"s":2} no.
</think>
{"s":8})",
                    R"({"draft":1} then {"s":8})", R"({"s":8}, again {"s": 8})",
                    "{\"s\":\"x\"}\n```json\n{\"s\":8}\n```"}) {
    const auto answer = accept_answer(body(text), &*schema);
    BOOST_REQUIRE_MESSAGE(answer, text);
    BOOST_TEST(json_text(answer->json) == R"({"s":8})", text);
  }
  for (auto text : {R"({"s":2} or {"s":8})", R"(<think>{"s":8}</think>)", R"(<think>{"s":8})",
                    "```\n{\"s\":2}\n```\n```\n{\"s\":8}\n```", R"({"t":8})"})
    BOOST_TEST((accept_answer(body(text), &*schema).error().code == errc::schema_mismatch), text);
}

BOOST_AUTO_TEST_CASE(json_survives_what_models_write_around_it) {
  const std::vector<std::string> around{"",          "Here: ",    "\n",
                                        "```json\n", "Sure.\n\n", "(see below) "};
  for (unsigned seed = 1; seed <= 500; ++seed) {
    std::mt19937 rng{seed};
    json::object value;
    for (auto n = 1 + rng() % 3; n > 0; --n)
      value["k" + std::to_string(rng() % 5)] =
        json::array{rng() % 9, "a}\"{[", nullptr, json::object{{"x", "```"}}};
    const auto before = around[rng() % around.size()];
    const auto text =
      before + json_text(value) + (before.ends_with("json\n") ? "\n```\nBye {}." : " Bye.");
    BOOST_TEST(found(text) == json_text(value), "seed " << seed << ": " << text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
