#include "config/recipe/recipe_file.hpp"
#include "core/json/json_text.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::test;
namespace json = boost::json;

namespace {

constexpr std::string_view whole = R"(name = "grading"
tenant = "{{school}}"
documents_folder = "papers"

[defaults]
model = "small"
temperature = 0.2
max_tokens = 300
corrections = 1
cache = true

[input]
columns = ["extra"]
separator = ";"

[[stages]]
name = "extract"
system = "You read."
prompt = """
Read {{title}}.
{{#extra}}{{.}}{{/extra}}"""
documents = ["{{file}}"]
pdf = "text"
scanned = "send"
comments = "show"
changes = "reject"
[stages.schema]
type = "object"
required = ["title", "items"]
properties.title.type = "string"
properties.items = { type = "array", items = { type = "object", properties = { t = { type = "string" } } } }

[[stages]]
name = "grade"
model = "large"
prompt = "Grade {{extract.title}}: {{#extract.items}}{{t}} {{school}} {{/extract.items}}"
max_completion_tokens = 50
parameters = { logprobs = true }
schema = '{"type":"object","properties":{"score":{"type":"integer"}}}'
corrections = 0
cache = "read"
mode = "sequential"

[output]
format = "tsv"
failed = "empty"
error_column = "fault"
notes_column = "left_out"
[output.columns]
who = "{{school}}/{{title}}"
score = "grade.score"
again = "title"
)";

core::recipe good(std::string_view text) {
  auto r = config::parse_recipe(text, "r.toml");
  BOOST_REQUIRE_MESSAGE(r, r.error().context);
  return *std::move(r);
}

std::string fault(std::string_view text, const std::string& name = "r.toml") {
  auto r = config::parse_recipe(text, name);
  BOOST_REQUIRE_MESSAGE(!r, text);
  BOOST_TEST((r.error().code == errc::invalid_config));
  return r.error().context;
}

bool has(const std::string& text, std::string_view words) {
  if (text.find(words) != std::string::npos)
    return true;
  BOOST_TEST_MESSAGE(text);
  return false;
}

/// The error of `check_names` for a recipe over columns a and b.
std::string names(std::string_view text, bool open_rows = false) {
  const std::vector<std::string> columns{"a", "b"};
  auto checked = core::check_names(good(text), columns, open_rows);
  return checked ? "" : checked.error().context;
}

/// Two stages, the first with a schema; `second` is the prompt of the second.
std::string two_stages(std::string_view second, std::string_view first = "{{a}}") {
  return "[[stages]]\nname='one'\nprompt='" + std::string{first} +
         "'\nschema='{\"type\":\"object\",\"properties\":{\"title\":{\"type\":\"string\"},\"list\":"
         "{\"type\":"
         "\"array\",\"items\":{\"properties\":{\"x\":{}}}}}}'\n[[stages]]\nname='two'\nprompt='" +
         std::string{second} + "'\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(recipe_file)

BOOST_AUTO_TEST_CASE(a_whole_recipe_is_read) {
  const auto r = good(whole);
  BOOST_TEST(r.name == "grading");
  BOOST_TEST(r.tenant.text() == "{{school}}");
  BOOST_TEST(r.documents_folder == "papers");
  BOOST_TEST(r.input_separator == ';');
  BOOST_REQUIRE(r.stages.size() == 2u);
  auto& extract = r.stages[0];
  BOOST_TEST(extract.model == "small");
  BOOST_TEST(core::json_text(extract.parameters) == R"({"temperature":0.2,"max_tokens":300})");
  BOOST_TEST(extract.corrections_max == 1u);
  BOOST_TEST((extract.cache == core::cache_mode::on));
  BOOST_TEST((extract.pdf == core::pdf_mode::text));
  BOOST_TEST(extract.documents.size() == 1u);
  BOOST_REQUIRE(extract.schema.has_value());
  BOOST_TEST(
    core::json_text(extract.schema->schema())
      .starts_with(
        R"({"type":"object","required":["title","items"],"properties":{"title":{"type":"string"},"items":)"));
  auto& grade = r.stages[1];
  BOOST_TEST(grade.model == "large");
  BOOST_TEST(core::json_text(grade.parameters) ==
             R"({"temperature":0.2,"max_completion_tokens":50,"logprobs":true})");
  BOOST_TEST(grade.corrections_max == 0u);
  BOOST_TEST((grade.cache == core::cache_mode::read));
  BOOST_TEST((grade.run_as == core::mode::sequential));
  BOOST_TEST((r.output_format == core::table_format::tsv));
  BOOST_REQUIRE(r.columns.size() == 3u); // In the order of the file.
  BOOST_TEST(r.columns[0].name == "who");
  BOOST_TEST(r.columns[1].path == "grade.score");
  BOOST_TEST(r.columns[2].name == "again");
  const std::vector<std::string> columns{"school", "title", "file"};
  auto checked = core::check_names(r, columns, false);
  BOOST_TEST(checked.has_value());
}

BOOST_AUTO_TEST_CASE(the_example_is_a_recipe) {
  auto r = config::read_recipe(PENSTOCK_SOURCE_DIR "/config/recipe.example.toml");
  BOOST_REQUIRE_MESSAGE(r, r.error().context);
  const std::vector<std::string> columns{"school", "student", "file"};
  auto checked = core::check_names(*r, columns, true);
  BOOST_TEST(checked.has_value(), (checked ? "" : checked.error().context));
  BOOST_TEST(r->stages[0].schema->is_strict());
}

BOOST_AUTO_TEST_CASE(the_smallest_recipe_has_defaults) {
  const auto r = good("[[stages]]\nname='x'\nprompt='{{a}}'");
  BOOST_TEST(r.name == "r");
  BOOST_TEST(r.stages[0].corrections_max == 2u);
  BOOST_TEST(r.error_column == "error");
  const std::vector<std::string> input{"a", "b"};
  BOOST_TEST((core::output_names(r, core::output_columns(r, input)) ==
              std::vector<std::string>{"a", "b", "x", "error"}));
}

BOOST_AUTO_TEST_CASE(all_faults_come_together_with_place_and_nearest_name) {
  const auto text = fault(R"(nam = "x"
[defaults]
temprature = 1
cache = "sometimes"
[[stages]]
name = "one two"
prompt = "{{#a}}"
corrections = 99
parameters = { stream = true }
[[stages]]
prompt = ""
pdf = 3
scanned = "skip"
comments = "shown"
changes = "acept"
schema = { type = "objct" }
[output]
format = "xlsx"
columns = [1]
)");
  BOOST_TEST(has(text, "r.toml:1:7: \"nam\" is no key of a recipe (did you mean name?)"));
  BOOST_TEST(
    has(text, "defaults.\"temprature\" is no key of a recipe (did you mean temperature?)"));
  BOOST_TEST(
    has(text, "r.toml:4:9: defaults.cache must be one of off, read, write, on, is \"sometimes\""));
  BOOST_TEST(has(text, "r.toml:6:8: stages[0].name must be 1 to 64 letters"));
  BOOST_TEST(
    has(text,
        "r.toml:7:10: stages[0].prompt is no template: line 1: the section {{#a}} is not closed"));
  BOOST_TEST(
    has(text, "r.toml:8:15: stages[0].corrections must be an integer from 0 to 10, is 99"));
  BOOST_TEST(has(text, "stages[1].scanned must be one of fail, send, is \"skip\""));
  BOOST_TEST(has(text, "stages[1].comments must be one of omit, show, is \"shown\" (did you mean"));
  BOOST_TEST(has(text, "stages[1].changes must be one of accept, reject, show, is \"acept\" (did"));
  BOOST_TEST(has(text, "stages[0].parameters.stream has no place here: answers come whole"));
  BOOST_TEST(has(text, "stages[1].name is missing"));
  BOOST_TEST(has(text, "r.toml:11:10: stages[1].prompt is empty"));
  BOOST_TEST(has(text, "r.toml:12:7: stages[1].pdf must be a text, is 3"));
  BOOST_TEST(has(text, "stages[1].schema cannot be used: \"type\" must be string"));
  BOOST_TEST(has(text, "output.format must be one of csv, tsv, jsonl, is \"xlsx\""));
  BOOST_TEST(has(text, "output.columns must be a path"));
}

BOOST_AUTO_TEST_CASE(what_is_no_recipe_is_refused) {
  BOOST_TEST(has(fault("name = "), "r.toml:1:"));
  BOOST_TEST(has(fault(""), "stages must hold at least one stage"));
  BOOST_TEST(has(fault("stages = []"), "at least one stage"));
  BOOST_TEST(has(fault("stages = 5"), "at least one stage"));
  BOOST_TEST(has(fault("[[stages]]\nname='a'\nprompt='x'\n[[stages]]\nname='a'\nprompt='x'"),
                 "earlier stage, too"));
  BOOST_TEST(has(fault("[[stages]]\nname='a'\nprompt='x'\nschema='{'"), "not valid JSON"));
  BOOST_TEST(has(fault("input = 3\n[[stages]]\nname='a'\nprompt='x'"), "input must be a table"));
  auto none = config::read_recipe("/nonexistent/recipe.toml");
  BOOST_TEST((!none && has(none.error().context, "is not there")));
}

BOOST_AUTO_TEST_CASE(schemas_come_from_files_beside_the_recipe) {
  temp_dir dir;
  write_file(dir / "s.json", R"({"type":"object","properties":{"n":{"type":"integer"}}})");
  write_file(dir / "r.toml", "[[stages]]\nname='a'\nprompt='x'\nschema='s.json'\n");
  auto r = config::read_recipe(dir / "r.toml");
  BOOST_REQUIRE_MESSAGE(r, r.error().context);
  BOOST_TEST(r->stages[0].schema.has_value());
  BOOST_TEST(has(r->text, "integer")); // Because another schema is another recipe.
  write_file(dir / "r.toml", "[[stages]]\nname='a'\nprompt='x'\nschema='none.json'\n");
  r = config::read_recipe(dir / "r.toml");
  BOOST_TEST(
    (!r && has(r.error().context, "r.toml:4:8: stages[0].schema cannot be read: the file")));
}

BOOST_AUTO_TEST_CASE(names_must_be_columns_or_fields_of_earlier_answers) {
  BOOST_TEST(names(two_stages("{{b}} {{one}} {{one.text}} {{one.title}} {{_row}}")).empty());
  BOOST_TEST(names(two_stages("{{#one.list}}{{x}}{{b}}{{/one.list}}{{one.list.0.x}}")).empty());
  BOOST_TEST(has(names(two_stages("{{one.titel}}")),
                 "r.toml:7: stages[1].prompt, line 1: answers of the stage "
                 "\"one\" have no field \"titel\" (did you mean title?)"));
  BOOST_TEST(has(names(two_stages("{{#one.list}}{{y}}{{/one.list}}")), "\"y\""));
  BOOST_TEST(has(names(two_stages("{{aa}}")), "no column or earlier stage called \"aa\""));
  BOOST_TEST(has(names(two_stages("{{two.text}}")), "cannot use its own answer"));
  BOOST_TEST(has(names(two_stages("x", "{{two.text}}")), "comes later"));
  BOOST_TEST(has(names(two_stages("{{.}}")), "outside of a section"));
  BOOST_TEST(has(names("tenant='{{x}}'\n[[stages]]\nname='x'\nprompt='{{a}}'"), "only columns"));
  BOOST_TEST(has(names("[[stages]]\nname='x'\nprompt='{{a}}'\n[output]\ncolumns=['x.score']"),
                 "r.toml:5: output.columns.x.score: \"x.score\": the stage has no schema"));
  BOOST_TEST(has(names("[[stages]]\nname='a'\nprompt='{{b}}'"), "has the name of a column"));
  BOOST_TEST(
    has(names("[[stages]]\nname='x'\nprompt='{{b}}'\n[output]\ncolumns=['a','a']"), "two columns"));
  BOOST_TEST(
    has(names("[[stages]]\nname='x'\nprompt='{{b}}'\n[output]\nerror_column='a'"), "error_column"));
  BOOST_TEST(
    has(names("[[stages]]\nname='x'\nprompt='{{b}}'\n[output]\nnotes_column='a'"), "notes_column"));
}

BOOST_AUTO_TEST_CASE(rows_of_jsonl_may_hold_more_than_columns) {
  const std::string nested = "[[stages]]\nname='x'\nprompt='{{a.b.c}}{{#b}}{{any}}{{/b}}'";
  BOOST_TEST(names(nested, true).empty());
  BOOST_TEST(has(names(nested, false), "\"a.b.c\""));
  BOOST_TEST(has(names("[[stages]]\nname='x'\nprompt='{{zz}}'", true), "input.columns"));
  BOOST_TEST(names("[input]\ncolumns=['zz']\n[[stages]]\nname='x'\nprompt='{{zz}}'", true).empty());
}

BOOST_AUTO_TEST_CASE(rows_of_the_output_follow_the_recipe) {
  auto r = good(whole);
  const auto columns = core::output_columns(r, {});
  core::row_scope scope{1, {{"school", "S"}, {"title", "T"}}};
  scope.set_answer("grade", {"", json::value{{"score", 7}}});
  const std::vector<std::string> notes{"a was left out", "b, too"};
  BOOST_TEST((core::output_values(r, columns, scope, nullptr, notes) ==
              std::vector<json::value>{"S/T", 7, "T", nullptr, "a was left out; b, too"}));
  const error late{errc::timeout, "too\nlate"};
  BOOST_TEST((core::output_values(r, columns, scope, &late) ==
              std::vector<json::value>{"S/T", nullptr, "T", "timeout: too late", nullptr}));
  r.failed = core::failed_row::partial;
  BOOST_TEST((core::output_values(r, columns, scope, &late)[1] == json::value(7)));
  r.error_column.clear();
  r.notes_column.clear();
  BOOST_TEST(core::output_values(r, columns, scope, &late).size() == 3u);
}

BOOST_AUTO_TEST_CASE(no_change_of_a_recipe_does_harm) {
  size_t refused = 0;
  constexpr int seeds = 400;
  const std::vector<std::string> columns{"school", "title", "file"};
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::mt19937 rng{seed};
    std::string text{whole};
    for (auto n = 1 + rng() % 4; n > 0; --n) {
      const auto at = rng() % text.size();
      switch (rng() % 3) {
      case 0: text.erase(at, 1 + rng() % 12); break;
      case 1: text[at] = static_cast<char>(rng()); break;
      default: text.insert(at, text.substr(rng() % text.size(), rng() % 20)); break;
      }
    }
    auto r = config::parse_recipe(text, "r.toml");
    if (!r) {
      ++refused;
      BOOST_TEST((r.error().code == errc::invalid_config && !r.error().context.empty()),
                 "seed " << seed);
      continue;
    }
    if (auto checked = core::check_names(*r, columns, seed % 2 == 0); !checked)
      BOOST_TEST(!checked.error().context.empty(), "seed " << seed);
  }
  BOOST_TEST(refused > 50u);
  BOOST_TEST(refused < static_cast<size_t>(seeds));
}

BOOST_AUTO_TEST_SUITE_END()
