#include "core/attempt/cache_key.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace penstock::core;
namespace json = boost::json;

namespace {

request of(std::string body, std::string model = "m", std::string url = "/v1/chat/completions") {
  request r;
  r.url = std::move(url);
  r.model = std::move(model);
  r.body = make_payload(std::move(body));
  return r;
}

constexpr cache_scope scope{"t", "api.openai.com/v1", "openai"};

/// Writes `v` with members in random order, random white space and random ways to write strings.
void scramble(const json::value& v, std::mt19937& rng, std::string& out) {
  const auto space = [&] { out.append(rng() % 3, " \n\t"[rng() % 3]); };
  space();
  if (auto* o = v.if_object()) {
    std::vector<const json::key_value_pair*> members;
    for (auto& m : *o)
      members.push_back(&m);
    std::shuffle(members.begin(), members.end(), rng);
    out += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      out += i > 0 ? "," : "";
      scramble(json::value(members[i]->key()), rng, out);
      out += ':';
      scramble(members[i]->value(), rng, out);
    }
    out += '}';
  } else if (auto* a = v.if_array()) {
    out += '[';
    for (size_t i = 0; i < a->size(); ++i) {
      out += i > 0 ? "," : "";
      scramble((*a)[i], rng, out);
    }
    out += ']';
  } else if (auto* s = v.if_string()) {
    out += '"';
    for (char c : *s) {
      char escaped[8];
      if (rng() % 4 == 0) {
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned char>(c));
        out += escaped;
      } else {
        out += c;
      }
    }
    out += '"';
  } else {
    out += json::serialize(v);
  }
  space();
}

json::value random_value(std::mt19937& rng, int depth) {
  switch (rng() % (depth > 0 ? 6 : 4)) {
  case 0: return json::value(static_cast<int64_t>(rng()) - 1'000'000'000);
  case 1: return json::value(static_cast<double>(rng() % 1000) / 64);
  case 2: return json::value(rng() % 2 == 0);
  case 3: return json::value(std::string(rng() % 5, static_cast<char>('a' + rng() % 26)));
  case 4: {
    json::array a;
    for (auto n = rng() % 4; n > 0; --n)
      a.push_back(random_value(rng, depth - 1));
    return a;
  }
  default: {
    json::object o;
    for (auto n = rng() % 5; n > 0; --n)
      o["k" + std::to_string(rng() % 9)] = random_value(rng, depth - 1);
    return o;
  }
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(cache_key_suite)

BOOST_AUTO_TEST_CASE(order_and_spacing_of_a_body_do_not_matter) {
  BOOST_TEST(canonical_body(R"({"b":[1,{"y":2,"x":1}],"a":"t"})").value() ==
             R"({"a":"t","b":[1,{"x":1,"y":2}]})");
  BOOST_TEST(
    (canonical_body("{ \"a\" : 1 ,\n\"b\":null }") == canonical_body(R"({"b":null,"a":1})")));
}

BOOST_AUTO_TEST_CASE(a_number_has_one_way_to_be_written) {
  const auto one = canonical_body(R"({"t":1})");
  for (auto text : {"1.0", "1e0", "10E-1", "1.00"})
    BOOST_TEST((canonical_body("{\"t\":" + std::string{text} + "}") == one), text);
  BOOST_TEST((canonical_body(R"({"t":0.70})") == canonical_body(R"({"t":7e-1})")));
  BOOST_TEST((canonical_body(R"({"t":-0.0})") == canonical_body(R"({"t":0})")));
  BOOST_TEST((canonical_body(R"({"t":0.7})") != canonical_body(R"({"t":0.71})")));
}

BOOST_AUTO_TEST_CASE(numbers_that_a_double_cannot_tell_apart_stay_apart) {
  BOOST_TEST((canonical_body(R"({"seed":9007199254740993})") !=
              canonical_body(R"({"seed":9007199254740992})")));
  BOOST_TEST((canonical_body(R"({"seed":123456789012345678901})") !=
              canonical_body(R"({"seed":123456789012345678902})")));
  BOOST_TEST((canonical_body(R"({"x":0.1234567890123456781})") !=
              canonical_body(R"({"x":0.1234567890123456782})")));
}

BOOST_AUTO_TEST_CASE(a_string_has_one_way_to_be_written) {
  BOOST_TEST(
    (canonical_body(R"({"\u0061":"\u00e4\/"})") == canonical_body("{\"a\":\"\xc3\xa4/\"}")));
  BOOST_TEST((canonical_body(R"({"a":"1"})") != canonical_body(R"({"a":1})")));
  BOOST_TEST((canonical_body(R"({"a":"A"})") != canonical_body(R"({"a":"a"})")));
}

BOOST_AUTO_TEST_CASE(of_twins_the_last_counts_as_parsers_have_it) {
  BOOST_TEST((canonical_body(R"({"a":1,"b":2,"a":3})") == canonical_body(R"({"b":2,"a":3})")));
}

BOOST_AUTO_TEST_CASE(what_does_not_change_the_answer_is_left_out_at_the_top_only) {
  const auto bare = canonical_body(R"({"messages":[]})");
  for (auto member : insignificant_members)
    BOOST_TEST(
      (canonical_body("{\"" + std::string{member} + R"(":{"x":1},"messages":[]})") == bare),
      std::string{member});
  BOOST_TEST((canonical_body(R"({"a":{"user":"x"}})") != canonical_body(R"({"a":{"user":"y"}})")));
}

BOOST_AUTO_TEST_CASE(every_parameter_counts) {
  const auto bare = canonical_body(R"({"messages":[]})");
  for (auto member : {"temperature", "top_p", "n", "seed", "max_tokens", "max_completion_tokens",
                      "tools", "tool_choice", "response_format", "stop", "logprobs",
                      "reasoning_effort", "service_tier", "system", "input"})
    BOOST_TEST((canonical_body("{\"" + std::string{member} + R"(":1,"messages":[]})") != bare),
               member);
  // The order of messages is part of the question.
  BOOST_TEST((canonical_body(R"({"messages":[1,2]})") != canonical_body(R"({"messages":[2,1]})")));
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object_has_no_key) {
  for (auto text :
       {"", "[]", "1", "\"x\"", "{", "{\"a\":}", "{} {}", "{\"a\":1}x", "{\"a\":\"\xff\"}"})
    BOOST_TEST(!canonical_body(text), text);
  BOOST_TEST(
    !canonical_body("{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}"));
  BOOST_TEST(!cache_text(scope, request{}));
  auto get = of("{}");
  get.method = "GET";
  BOOST_TEST(!cache_text(scope, get));
}

BOOST_AUTO_TEST_CASE(tenant_upstream_protocol_path_and_model_tell_keys_apart) {
  const auto req = of(R"({"messages":[]})");
  const auto key = cache_text(scope, req).value();
  BOOST_TEST(key == cache_text(scope, of(R"({ "messages" : [] , "user":"u"})")).value());
  BOOST_TEST(key != cache_text({"u", scope.family, scope.protocol}, req).value());
  BOOST_TEST(key != cache_text({scope.tenant, "localhost:1/v1", scope.protocol}, req).value());
  BOOST_TEST(key != cache_text({scope.tenant, scope.family, "anthropic"}, req).value());
  BOOST_TEST(key != cache_text(scope, of(R"({"messages":[]})", "n")).value());
  BOOST_TEST(key != cache_text(scope, of(R"({"messages":[]})", "m", "/v1/responses")).value());
}

BOOST_AUTO_TEST_CASE(no_name_can_reach_into_the_next_part) {
  const auto req = of("{}");
  BOOST_TEST(cache_text({"a\n1:b", "c", "p"}, req).value() !=
             cache_text({"a", "b\n1:c", "p"}, req).value());
  BOOST_TEST(cache_text({"a", "bc", "p"}, req).value() !=
             cache_text({"ab", "c", "p"}, req).value());
}

BOOST_AUTO_TEST_CASE(the_scheme_of_a_base_url_does_not_matter_its_place_does) {
  BOOST_TEST(cache_family("https://API.OpenAI.com/v1") == "api.openai.com/v1");
  BOOST_TEST(cache_family("http://api.openai.com/v1/") == "api.openai.com/v1");
  BOOST_TEST(cache_family("http://localhost:8000/V1") == "localhost:8000/V1");
  BOOST_TEST(cache_family("http://localhost:8000") != cache_family("http://localhost:8001"));
}

BOOST_AUTO_TEST_CASE(scrambled_bodies_keep_their_key_and_changed_ones_lose_it) {
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 rng{seed};
  for (int i = 0; i < 2000; ++i) {
    auto value = random_value(rng, 4);
    json::object body{{"input", value}};
    std::string a, b;
    scramble(body, rng, a);
    scramble(body, rng, b);
    const auto key = canonical_body(a);
    BOOST_REQUIRE_MESSAGE(key, "seed " << seed << ": " << a);
    BOOST_REQUIRE_MESSAGE(key == canonical_body(b), "seed " << seed << ": " << a << " | " << b);
    const auto other = random_value(rng, 4);
    body["input"] = other;
    BOOST_REQUIRE_MESSAGE((key == canonical_body(json::serialize(body))) == (value == other),
                          "seed " << seed << ": " << a << " | " << json::serialize(body));
  }
}

BOOST_AUTO_TEST_CASE(only_whole_answers_are_whole) {
  for (auto text : {
         R"({"choices":[{"finish_reason":"stop","message":{"content":"x","refusal":null}}]})",
         R"({"choices":[{"finish_reason":"tool_calls","message":{}}]})",
         R"({"choices":[{"message":{"content":"x"}}]})",
         R"({"stop_reason":"end_turn","content":[]})",
         R"({"stop_reason":"tool_use"})",
         R"({"candidates":[{"finishReason":"STOP"}]})",
         R"({"done":true,"done_reason":"stop"})",
         R"({"done":true})",
         R"({"status":"completed","output":[{"content":[{"type":"output_text"}]}]})",
         R"({"object":"list","data":[{"embedding":[0.1]}]})",
       })
    BOOST_TEST(is_whole_answer(text), text);
  for (auto text : {
         R"({"choices":[{"finish_reason":"length","message":{"content":"x"}}]})",
         R"({"choices":[{"finish_reason":"stop"},{"finish_reason":"length"}]})",
         R"({"choices":[{"finish_reason":"content_filter"}]})",
         R"({"choices":[{"finish_reason":"stop","message":{"refusal":"no"}}]})",
         R"({"stop_reason":"max_tokens"})",
         R"({"stop_reason":"refusal"})",
         R"({"stop_reason":"pause_turn"})",
         R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})",
         R"({"candidates":[{"finishReason":"SAFETY"}]})",
         R"({"promptFeedback":{"blockReason":"SAFETY"}})",
         R"({"done":true,"done_reason":"length"})",
         R"({"status":"incomplete","output":[]})",
         R"({"status":"completed","output":[{"content":[{"type":"refusal"}]}]})",
         "",
         "no json",
         "[]",
       })
    BOOST_TEST(!is_whole_answer(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
