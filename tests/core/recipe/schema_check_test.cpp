#include "core/recipe/schema_check.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <vector>

using namespace penstock;
using namespace penstock::core;
namespace json = boost::json;

namespace {

schema_check compile(std::string_view schema) {
  auto made = schema_check::compile(json::parse(schema));
  BOOST_REQUIRE_MESSAGE(made, made.error().context);
  return *made;
}

std::string refusal(std::string_view schema) {
  auto made = schema_check::compile(json::parse(schema));
  BOOST_REQUIRE_MESSAGE(!made, schema);
  BOOST_TEST((made.error().code == errc::invalid_config));
  return made.error().context;
}

std::string faults(const schema_check& check, std::string_view answer) {
  return check.check(json::parse(answer)).value_or("");
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

constexpr std::string_view grade = R"({
  "type": "object", "additionalProperties": false, "required": ["level", "score", "notes"],
  "properties": {
    "level": {"enum": ["low", "high"]},
    "score": {"type": "integer", "minimum": 0, "maximum": 10},
    "notes": {"type": "array", "items": {"$ref": "#/definitions/note"}}
  },
  "definitions": {"note": {"type": "object", "additionalProperties": false, "required": ["t"],
                           "properties": {"t": {"type": "string"}}}}
})";

} // namespace

BOOST_AUTO_TEST_SUITE(schema_check_suite)

BOOST_AUTO_TEST_CASE(what_fits_has_no_faults) {
  const auto check = compile(grade);
  BOOST_TEST(faults(check, R"({"level":"low","score":7,"notes":[{"t":"x"}]})") == "");
  BOOST_TEST(faults(check, R"({"level":"low","score":7.0,"notes":[]})") == "");
}

BOOST_AUTO_TEST_CASE(faults_name_path_rule_and_value) {
  const auto check = compile(grade);
  BOOST_TEST(faults(check, R"({"level":"hihg","score":7,"notes":[]})") ==
             R"($.level: must be one of ["low","high"], is "hihg")");
  BOOST_TEST(faults(check, R"({"level":"low","score":"7","notes":[]})") ==
             "$.score: must be integer, is a string");
  BOOST_TEST(faults(check, R"({"level":"low","score":7.5,"notes":[]})") ==
             "$.score: must be integer, is 7.5");
  BOOST_TEST(faults(check, R"({"level":"low","score":11,"notes":[]})") ==
             "$.score: must be at most 10, is 11");
  BOOST_TEST(
    has(faults(check, R"({"level":"low","score":1})"), "$: Missing required property 'notes'"));
  BOOST_TEST(faults(check, R"({"level":"low","score":1,"notes":[{"t":"a"},{"t":5}]})") ==
             "$.notes[1].t: must be string, is 5");
  BOOST_TEST(has(faults(check, R"({"level":"low","score":1,"notes":[],"more":1})"),
                 "$: has a property that is not allowed: 'more'"));
  BOOST_TEST(faults(check, "[]") == "$: must be object, is an array");
}

BOOST_AUTO_TEST_CASE(many_faults_are_bounded) {
  std::string notes;
  for (int i = 0; i < 500; ++i)
    notes += (i ? "," : "") + std::string{R"({"t":1})"};
  const auto text = faults(compile(grade), R"({"level":"low","score":1,"notes":[)" + notes + "]}");
  BOOST_TEST(text.size() <= schema_check::text_max);
  BOOST_TEST(std::ranges::count(text, '\n') == static_cast<long>(schema_check::faults_max));
  BOOST_TEST(text.ends_with("\n..."));
}

BOOST_AUTO_TEST_CASE(alternatives_and_conditions_are_checked) {
  const auto check = compile(R"({"anyOf":[{"type":"string","minLength":3},{"type":"null"}]})");
  BOOST_TEST(faults(check, R"("abc")") == "");
  BOOST_TEST(faults(check, "null") == "");
  BOOST_TEST(has(faults(check, R"("ab")"), "anyOf"));
  const auto pattern = compile(R"({"properties":{"id":{"type":"string","pattern":"^[A-Z]{2}$"}}})");
  BOOST_TEST(faults(pattern, R"({"id":"AB"})") == "");
  BOOST_TEST(faults(pattern, R"({"id":"ab"})") ==
             R"($.id: must match the pattern "^[A-Z]{2}$", is "ab")");
  BOOST_TEST(faults(compile(R"({"multipleOf":2})"), "3") != "");
  BOOST_TEST(faults(compile(R"({"multipleOf":2})"), "2.5") != "");
  BOOST_TEST(faults(compile(R"({"multipleOf":2})"), "18446744073709551615") == "");
}

BOOST_AUTO_TEST_CASE(a_schema_that_would_not_check_is_refused) {
  BOOST_TEST(has(refusal("[]"), "must be an object"));
  BOOST_TEST(has(refusal(R"({"type":"strnig"})"), R"("type" must be string)"));
  BOOST_TEST(has(refusal(R"({"properties":{"a":{"prefixItems":[]}}})"),
                 R"(property "a": the keyword "prefixItems")"));
  BOOST_TEST(has(refusal(R"({"$ref":"other.json"})"), "same schema"));
  BOOST_TEST(has(refusal(R"({"$ref":"#/definitions/none"})"), "leads nowhere"));
  BOOST_TEST(has(refusal(R"({"multipleOf":0})"), "above 0"));
  BOOST_TEST(has(refusal(R"({"pattern":"("})"), "regular expression"));
  BOOST_TEST(has(refusal(R"({"required":"a"})"), R"("required" must be a list)"));
}

BOOST_AUTO_TEST_CASE(endless_schemas_are_refused_and_recursive_ones_are_not) {
  BOOST_TEST(has(refusal(R"({"$ref":"#"})"), "circles"));
  BOOST_TEST(has(refusal(R"({"allOf":[{"$ref":"#"}]})"), "without a step"));
  BOOST_TEST(has(refusal(R"({"properties":{"a":{"$ref":"#/definitions/x"}},
                            "definitions":{"x":{"anyOf":[{"not":{"$ref":"#/definitions/x"}}]}}})"),
                 "without a step"));
  const auto tree =
    compile(R"({"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#"}}}})");
  BOOST_TEST(faults(tree, R"({"kids":[{"kids":[]},{"kids":[{"kids":1}]}]})") ==
             "$.kids[1].kids[0].kids: must be array, is 1");
  std::string deep = "{}";
  for (int i = 0; i < 60; ++i)
    deep = R"({"kids":[)" + deep + "]}";
  json::parse_options options;
  options.max_depth = 500;
  BOOST_TEST(*tree.check(json::parse(deep, {}, options)) == "$: nested deeper than 64");
}

BOOST_AUTO_TEST_CASE(long_texts_are_kept_from_patterns) {
  const auto check =
    compile(R"({"properties":{"id":{"pattern":"^(a|b)*$"},"essay":{"type":"string"}}})");
  const std::string text(200'000, 'a');
  BOOST_TEST(has(*check.check(json::object{{"id", text}}), "longer than 2000 bytes"));
  BOOST_TEST(!check.check(json::object{{"id", "ab"}, {"essay", text}}));
}

BOOST_AUTO_TEST_CASE(strictness_follows_the_providers_rules) {
  BOOST_TEST(compile(grade).is_strict());
  BOOST_TEST(!compile(R"({"type":"object","properties":{"a":{"type":"string"}}})").is_strict());
  BOOST_TEST(!compile(R"({"type":"object","additionalProperties":false,"required":[],
                          "properties":{"a":{"type":"string"}}})")
                .is_strict());
  BOOST_TEST(!compile(R"({"type":"array","items":{"type":"string"}})").is_strict());
}

BOOST_AUTO_TEST_CASE(patterns_count_characters_not_bytes) {
  const auto fits = [](std::string_view pattern, std::string_view text) {
    const json::value schema{{"type", "object"},
                             {"properties", {{"a", {{"type", "string"}, {"pattern", pattern}}}}}};
    return faults(compile(json::serialize(schema)), json::serialize(json::object{{"a", text}}))
      .empty();
  };
  for (auto [pattern, good, bad] : std::vector<std::array<std::string_view, 3>>{
         {"^.{3}$", "äöü", "äö"},
         {"^[^x]{2}$", "日本", "日x"},
         {"^[A-Za-z\\u00C0-\\u00FF ]+$", "Zoé Müller", "日"},
         {"^\\S{1,4}$", "日本語", "日 本"},
         {"^.$", "😀", "😀😀"},
         {"^[ä-ü]+$", "äöü", "aou"},
         {"^\\u{1F600}|x$", "😀", "😁"},
         {"^[\\uD83D\\uDE00-\\uD83D\\uDE4F]$", "😂", "a"},
         {"^é?$", "é", "éé"},
         {"^(?:é|日){2}$", "é日", "é"},
         {"^\\D\\W$", "é日", "1a"},
         {"^[\\d\\-é]+$", "1-é", "a"},
         {"^[]]|a$", "a", "b"},
         {"^[^\\s]+$", "ab",
          "a\xc2\xa0"
          "b"},
         {"^(?!.*é).*$", "aü", "aé"},
         {"^\\$\\.\\/é{2}$", "$./éé", "$./é"},
         {"^(é)\\1$", "éé", "éü"},
         {"^a{2,}$", "aaa", "a"}}) {
    BOOST_TEST(fits(pattern, good), pattern);
    BOOST_TEST(!fits(pattern, bad), pattern);
  }
  const auto keys = compile(
    R"({"type":"object","patternProperties":{"^.{2}$":{"type":"integer"}},"additionalProperties":false})");
  BOOST_TEST(faults(keys, R"({"äö":1})") == "");
  BOOST_TEST(faults(keys, R"({"ä":1})") != "");
  BOOST_TEST(has(faults(compile(R"({"type":"string","pattern":"^.{3}$"})"), R"("ä")"), "^.{3}$"));
}

BOOST_AUTO_TEST_CASE(patterns_that_cannot_be_matched_are_refused_with_the_reason) {
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"^\\p{L}+$"})"), "\\p{...}"));
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"(?<=a)b"})"), "lookbehind"));
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"[z-a]"})"), "upside down"));
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"[a"})"), "not closed"));
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"\\y"})"), "means nothing"));
  BOOST_TEST(has(refusal(R"({"type":"string","pattern":"(a"})"), "no regular expression"));
}

BOOST_AUTO_TEST_CASE(wrappers_that_people_copy_are_taken_off) {
  const std::string inner =
    R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}})";
  for (const auto& text :
       {R"({"name":"x","strict":true,"schema":)" + inner + "}",
        R"({"type":"json_schema","json_schema":{"name":"x","schema":)" + inner + "}}",
        R"({"name":"x","description":"y","parameters":)" + inner + "}",
        R"({"type":"function","function":{"name":"x","parameters":)" + inner + "}}",
        R"({"name":"x","input_schema":)" + inner + "}", inner}) {
    const auto check = compile(text);
    BOOST_TEST((check.schema() == json::parse(inner)), text);
    BOOST_TEST(faults(check, R"({"a":"x"})") != "");
  }
  const auto own = compile(
    R"({"type":"object","properties":{"name":{"type":"string"},"schema":{"type":"object"}}})");
  BOOST_TEST(faults(own, R"({"name":1})") != "");
}

BOOST_AUTO_TEST_CASE(schemas_that_check_nothing_are_refused_by_name) {
  BOOST_TEST(has(refusal("{}"), "constrains nothing"));
  BOOST_TEST(has(refusal(R"({"title":"x","description":"y"})"), "constrains nothing"));
  BOOST_TEST(has(refusal(R"({"definitions":{"a":{"type":"string"}}})"), "constrains nothing"));
  BOOST_TEST(has(refusal(R"({"score":"integer"})"), "\"score\""));
  BOOST_TEST(has(refusal(R"({"type":"object","propertys":{}})"), "did you mean properties"));
  BOOST_TEST(has(refusal(R"({"type":"object","properties":{"a":{"type":"integer","minumum":1}}})"),
                 "minumum"));
  BOOST_TEST(has(refusal(R"({"type":"string","nullable":true})"), "nullable"));
  compile(
    R"({"type":"object","x-order":1,"title":"t","properties":{"minumum":{"type":"string"}}})");
  compile(R"({"$ref":"#/components/a","components":{"a":{"type":"string"}}})");
}

BOOST_AUTO_TEST_SUITE_END()
