#include "core/recipe/prompt_template.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;
namespace json = boost::json;

namespace {

const row_scope& scope() {
  static const row_scope made = [] {
    row_scope s{
      7, json::parse(R"({"name":"Ann & \"Bo\"","First name":"A","v1.2":"dotted","empty":"","n":0.8,
      "flag":true,"off":false,"nothing":null,"tags":["x","y"],"deep":{"er":{"est":5.0}},
      "people":[{"name":"P","age":3},{"age":4}]})")
           .as_object()};
    s.set_answer("extract",
                 {"raw words", json::parse(R"({"title":"T","items":[{"t":"a"},{"t":"b"}]})")});
    s.set_answer("plain", {"just text", {}});
    return s;
  }();
  return made;
}

std::string render(const std::string& text) {
  auto t = prompt_template::compile(text, "r.toml:1: prompt");
  BOOST_REQUIRE_MESSAGE(t, t.error().context);
  auto out = t->render(scope());
  BOOST_REQUIRE_MESSAGE(out, out.error().context);
  return *out;
}

std::string fault(const std::string& text) {
  auto t = prompt_template::compile(text, "r.toml:1: prompt");
  BOOST_REQUIRE_MESSAGE(!t, text);
  BOOST_TEST((t.error().code == errc::invalid_config));
  BOOST_TEST(t.error().context.starts_with("r.toml:1: prompt: line "));
  return t.error().context;
}

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_template_suite)

BOOST_AUTO_TEST_CASE(values_go_in_as_they_are) {
  BOOST_TEST(render("<{{name}}> {{{name}}} {{&name}}") ==
             "<Ann & \"Bo\"> Ann & \"Bo\" Ann & \"Bo\"");
  BOOST_TEST(render("{{ First name }}/{{v1.2}}/{{_row}}") == "A/dotted/7");
  BOOST_TEST(render("{{n}} {{flag}} {{off}} [{{nothing}}] [{{absent}}]") == "0.8 true false [] []");
}

BOOST_AUTO_TEST_CASE(answers_are_there_by_stage_and_field) {
  BOOST_TEST(render("{{extract.title}} {{extract.text}} {{plain.text}} {{plain}}") ==
             "T raw words just text just text");
  BOOST_TEST(render("{{extract.items.1.t}} {{deep.er.est}}") == "b 5");
  BOOST_TEST(render("{{extract}}") == R"({"title":"T","items":[{"t":"a"},{"t":"b"}]})");
}

BOOST_AUTO_TEST_CASE(sections_repeat_and_skip) {
  BOOST_TEST(render("{{#tags}}<{{.}}>{{/tags}}{{#people}}{{name}}{{age}};{{/people}}") ==
             "<x><y>P3;Ann & \"Bo\"4;");
  BOOST_TEST(
    render(
      "{{#empty}}no{{/empty}}{{^empty}}none{{/empty}}{{#off}}no{{/off}}{{#flag}}yes{{/flag}}") ==
    "noneyes");
  BOOST_TEST(render("a\n{{#tags}}\n- {{.}}\n{{/tags}}\nb") == "a\n- x\n- y\nb");
  BOOST_TEST(render("{{#deep.er}}{{est}}{{/deep.er}}{{#extract.items}}{{t}}{{/extract.items}}") ==
             "5ab");
  BOOST_TEST(render("{{! a\nnote }}x") == "x");
}

BOOST_AUTO_TEST_CASE(json_in_a_prompt_stays_json) {
  BOOST_TEST(render(R"({"a":{"b":"{{plain}}"}} {{tags}})") ==
             R"({"a":{"b":"just text"}} ["x","y"])");
}

BOOST_AUTO_TEST_CASE(values_are_no_templates) {
  row_scope s{1, {{"a", "{{name}} {{#x}}"}, {"name", "no"}}};
  BOOST_TEST(*prompt_template::compile("{{a}}")->render(s) == "{{name}} {{#x}}");
}

BOOST_AUTO_TEST_CASE(broken_templates_name_their_line) {
  BOOST_TEST(has(fault("a\n\n{{name"), "line 3: a tag is not closed"));
  BOOST_TEST(has(fault("{{#a}}\nx"), "line 1: the section {{#a}} is not closed"));
  BOOST_TEST(has(fault("{{#a}}\n{{/b}}"), "line 2: {{/b}} does not close {{#a}} of line 1"));
  BOOST_TEST(has(fault("{{/b}}"), "was not opened"));
  BOOST_TEST(has(fault("{{}}"), "names nothing"));
  BOOST_TEST(has(fault("{{>other}}"), "partials"));
  BOOST_TEST(has(fault("{{=<% %>=}}"), "delimiters"));
  std::string deep;
  for (int i = 0; i < 100; ++i)
    deep += "{{#a}}";
  BOOST_TEST(has(fault(deep), "nested deeper than 32"));
}

BOOST_AUTO_TEST_CASE(lists_inside_of_lists_do_not_fill_the_memory) {
  json::array many(2000, 1);
  row_scope s{1, {{"l", many}}};
  auto t = prompt_template::compile("{{#l}}{{#l}}{{#l}}xxxxxxxxxxxxxxxxxxxx{{/l}}{{/l}}{{/l}}",
                                    "r.toml:4: prompt");
  auto out = t->render(s);
  BOOST_REQUIRE(!out);
  BOOST_TEST(out.error().context == "r.toml:4: prompt: the text would grow beyond 32 MiB");
}

BOOST_AUTO_TEST_CASE(no_text_harms_the_compiler) {
  const std::vector<std::string> pieces{
    "{{", "}}",   "{",    "}", "#",  "/", "^",         "&",         "!",        "=",
    ">",  "name", "tags", " ", "\n", ".", "{{#tags}}", "{{/tags}}", "{{name}}", "é"};
  size_t good = 0;
  for (unsigned seed = 1; seed <= 4000; ++seed) {
    std::mt19937 rng{seed};
    std::string text;
    for (auto n = rng() % 10; n > 0; --n)
      text += pieces[rng() % pieces.size()];
    auto t = prompt_template::compile(text);
    if (!t)
      continue;
    ++good;
    auto out = t->render(scope());
    BOOST_REQUIRE_MESSAGE(out, "seed " << seed);
    if (text.find("{{") == std::string::npos)
      BOOST_TEST(*out == text, "seed " << seed);
  }
  BOOST_TEST(good > 500u);
  BOOST_TEST(good < 4000u);
}

BOOST_AUTO_TEST_CASE(braces_in_quotes_are_text) {
  BOOST_TEST(render("a {{'{{x}}'}} b {{n}}") == "a {{x}} b 0.8");
  BOOST_TEST(render("{{\"{{\"}}x}} {{ `{{`  }}y}}") == "{{x}} {{y}}");
  BOOST_TEST(render("\\frac{{'{{'}}a}{{'}}'}}{b}") == "\\frac{{a}}}{b}");
  BOOST_TEST(render("{{#flag}}{{'{{#flag}}'}}{{/flag}}") == "{{#flag}}");
  BOOST_TEST(render("{{'{{'}}{{name}}{{'}}'}}") == "{{Ann & \"Bo\"}}");
  BOOST_TEST(render("{{'it's {{'}}") == "it's {{");
  auto t = prompt_template::compile("{{'{{x}}'}}{{\"name\"}}");
  BOOST_REQUIRE(t);
  // A name in quotes is the name of a column that does not exist.
  BOOST_REQUIRE(t->tags().size() == 1u);
  BOOST_TEST(t->tags()[0].name == "\"name\"");
  BOOST_TEST(has(fault("\\begin{{x"), "{{'{{'}}"));
}

BOOST_AUTO_TEST_SUITE_END()
