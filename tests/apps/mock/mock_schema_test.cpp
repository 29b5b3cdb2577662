#include "apps/mock/mock_random.hpp"
#include "apps/mock/mock_schema.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace penstock::mock;
namespace json = boost::json;

namespace {

constexpr std::string_view said = "echo: hello #1 and and";

std::string text_of(std::string_view schema, uint64_t seed = 1) {
  return make_instance(json::parse({schema.data(), schema.size()}), said, 14, seed);
}

json::value instance(std::string_view schema, uint64_t seed = 1) {
  const auto text = text_of(schema, seed);
  boost::system::error_code ec;
  auto v = json::parse(text, ec);
  BOOST_TEST_REQUIRE(!ec, schema << " gave " << text);
  return v;
}

} // namespace

BOOST_AUTO_TEST_SUITE(mock_schema)

BOOST_AUTO_TEST_CASE(every_member_that_is_described_is_there_in_order) {
  const auto v = instance(R"({"type":"object","properties":{"answer":{"type":"string"},
    "score":{"type":"integer"},"ok":{"type":"boolean"},"none":{"type":"null"},
    "part":{"type":"object","properties":{"x":{"type":"number"}}}},"required":["answer","more"]})");
  std::string names;
  for (const auto& m : v.as_object())
    names += std::string{m.key()} + ' ';
  BOOST_TEST(names == "answer score ok none part more ");
  BOOST_TEST(v.at("answer").as_string() == said);
  BOOST_TEST(v.at("score").is_number());
  BOOST_TEST(v.at("ok").is_bool());
  BOOST_TEST(v.at("none").is_null());
  BOOST_TEST(v.at("part").at("x").is_number());
  // The rest is in the answer already.
  BOOST_TEST(v.at("more").as_string() == "more: echo: hello #1");
}

BOOST_AUTO_TEST_CASE(numbers_keep_every_bound_for_every_seed) {
  std::set<int64_t> seen;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto i =
      instance(R"({"type":"integer","minimum":-3,"maximum":4})", seed).to_number<int64_t>();
    BOOST_TEST((i >= -3 && i <= 4));
    seen.insert(i);
    const auto open =
      instance(R"({"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":3})", seed);
    BOOST_TEST(open.to_number<int64_t>() == 2);
    const auto x =
      instance(R"({"type":"number","minimum":0.5,"maximum":0.7})", seed).to_number<double>();
    BOOST_TEST((x >= 0.5 && x <= 0.7));
    const auto five =
      instance(R"({"type":"integer","multipleOf":5,"minimum":11,"maximum":29})", seed)
        .to_number<int64_t>();
    BOOST_TEST((five == 15 || five == 20 || five == 25));
    BOOST_TEST(instance(R"({"type":"integer","minimum":1000})", seed).to_number<int64_t>() >= 1000);
    BOOST_TEST(instance(R"({"type":"integer","maximum":-1000})", seed).to_number<int64_t>() <=
               -1000);
  }
  BOOST_TEST(seen.size() == 8); // All of them occur.
}

BOOST_AUTO_TEST_CASE(arrays_have_as_many_items_as_they_must) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    BOOST_TEST(instance(R"({"type":"array","items":{"type":"string"},"minItems":5})", seed)
                 .as_array()
                 .size() == 5);
    BOOST_TEST(instance(R"({"type":"array","items":{},"minItems":0,"maxItems":1})", seed)
                 .as_array()
                 .size() == 1);
    BOOST_TEST(instance(R"({"type":"array","maxItems":0})", seed).as_array().empty());
    const auto all = instance(
      R"({"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":3})", seed);
    std::set<std::string> different;
    for (const auto& v : all.as_array())
      different.insert(json::serialize(v));
    BOOST_TEST(different.size() == 3);
  }
  BOOST_TEST(text_of(R"({"prefixItems":[{"const":1},{"const":"x"}]})") == R"([1,"x"])");
}

BOOST_AUTO_TEST_CASE(choices_are_made_from_what_is_allowed) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 60; ++seed)
    seen.insert(text_of(R"({"type":"string","enum":["low","high"]})", seed));
  BOOST_TEST((seen == std::set<std::string>{"\"low\"", "\"high\""}));
  BOOST_TEST(text_of(R"({"const":{"a":[1]}})") == R"({"a":[1]})");
  BOOST_TEST(text_of(R"({"anyOf":[{"const":7},{"type":"null"}]})") == "7");
  BOOST_TEST(text_of(R"({"oneOf":[{"$ref":"#/$defs/x"}],"$defs":{"x":{"const":8}}})") == "8");
  BOOST_TEST(instance(R"({"type":["null","integer"]})").is_number());
  const auto v = instance(R"({"allOf":[{"type":"object","properties":{"a":{"const":1}}},
                                       {"properties":{"b":{"const":2}}}]})");
  BOOST_TEST(json::serialize(v) == R"({"a":1,"b":2})");
}

BOOST_AUTO_TEST_CASE(strings_have_the_length_and_form_that_is_asked_for) {
  BOOST_TEST(instance(R"({"type":"string","maxLength":4})").as_string() == "echo");
  BOOST_TEST(instance(R"({"type":"string","minLength":100})").as_string().size() >= 100);
  const auto form = [](std::string_view name) {
    const auto v = instance(R"({"type":"string","format":")" + std::string{name} + "\"}");
    return std::string{v.as_string()};
  };
  BOOST_TEST(form("date").size() == 10);
  BOOST_TEST(form("date-time").size() == 20);
  BOOST_TEST(form("uuid").size() == 36);
  BOOST_TEST(form("email").find('@') != std::string::npos);
  BOOST_TEST(form("uri").starts_with("https://"));
}

BOOST_AUTO_TEST_CASE(the_notation_of_gemini_is_understood) {
  const auto v = instance(R"({"type":"OBJECT","properties":{"list":{"type":"ARRAY","minItems":"2",
    "maxItems":"2","items":{"type":"INTEGER","minimum":5,"maximum":5}}}})");
  BOOST_TEST(json::serialize(v) == R"({"list":[5,5]})");
}

BOOST_AUTO_TEST_CASE(schemas_without_an_end_end) {
  for (auto schema :
       {R"({"$ref":"#"})", R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}})",
        R"({"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]})",
        R"({"type":"array","minItems":9,"items":{"$ref":"#"}})", R"({"allOf":[{"$ref":"#"}]})",
        R"({"type":"array","minItems":900000000})"})
    BOOST_TEST(text_of(schema).size() < 2'000'000, schema);
  // A schema that can end does so, and the answer is valid.
  const auto v = instance(R"({"type":"object","required":["next"],"additionalProperties":false,
    "properties":{"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}}})");
  const json::value* at = &v;
  int depth = 0;
  for (; at->is_object(); ++depth)
    at = &at->at("next");
  BOOST_TEST(at->is_null());
  BOOST_TEST(depth < 12);
}

BOOST_AUTO_TEST_CASE(the_same_seed_says_the_same_and_another_something_else) {
  const auto schema = R"({"type":"object","properties":{"a":{"type":"integer"},
                          "b":{"type":"array","items":{"type":"number"}}}})";
  BOOST_TEST(text_of(schema, 5) == text_of(schema, 5));
  BOOST_TEST(text_of(schema, 5) != text_of(schema, 6));
}

BOOST_AUTO_TEST_CASE(schemas_of_any_shape_are_survived) {
  constexpr uint64_t seed = 20261122;
  BOOST_TEST_CONTEXT("seed " << seed) {
    mock_random r{seed};
    const char* words[] = {"type",     "object",  "array",  "properties", "items",
                           "$ref",     "#/items", "enum",   "anyOf",      "minItems",
                           "required", "const",   "format", "date",       "minimum"};
    const auto word = [&] { return std::string{words[r.next() % std::size(words)]}; };
    std::function<json::value(int)> any = [&](int depth) -> json::value {
      switch (r.next() % (depth > 5 ? 3 : 6)) {
      case 0: return json::string{word()};
      case 1: return static_cast<int64_t>(r.next() % 9) - 4;
      case 2: return r.uniform() * 1e300;
      case 3: return json::array{any(depth + 1), any(depth + 1)};
      default: {
        json::object o;
        for (int i = 0; i < 4; ++i)
          o.insert_or_assign(word(), any(depth + 1));
        return o;
      }
      }
    };
    for (int i = 0; i < 2000; ++i) {
      const auto schema = any(0);
      const auto text = make_instance(schema, said, 14, r.next());
      boost::system::error_code ec;
      json::parse_options options;
      options.max_depth = 300;
      json::parse(text, ec, {}, options);
      BOOST_TEST(!ec, json::serialize(schema) << " gave " << text.substr(0, 200));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
