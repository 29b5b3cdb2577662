#include "core/json/json_check.hpp"
#include "core/json/json_scan.hpp"
#include "core/jsonl/jsonl.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

using namespace penstock;
using namespace penstock::core;

namespace {

std::string reason_of(std::string_view line) {
  const auto r = parse_request_line(line, 4, 17);
  BOOST_REQUIRE(r.rejection.has_value());
  BOOST_TEST((r.rejection->code == errc::invalid_input));
  BOOST_TEST(r.rejection->context.starts_with("line 17: "));
  return r.rejection->context.substr(9);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A line in batch form around `members` of the body.
std::string batch_line(std::string_view body) {
  return R"({"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":)" +
         std::string{body} + "}";
}

outcome example() {
  outcome o;
  o.index = 12;
  o.custom_id = "r\"1\xc3\xa4";
  o.state = outcome_state::completed;
  o.status_code = 200;
  o.request_id = "req_9";
  o.body = make_payload(R"({"choices":[{"x":"}],\"penstock\":{"}]})");
  o.attempts = 3;
  o.rate_limited = 2;
  o.ran_as = mode::sequential;
  o.queued = std::chrono::milliseconds{15};
  o.upstream = std::chrono::milliseconds{1200};
  o.used = {100, 20, 30, 5, true};
  o.lane = "default";
  return o;
}

} // namespace

BOOST_AUTO_TEST_SUITE(jsonl)

BOOST_AUTO_TEST_CASE(the_body_is_the_exact_slice_of_the_line) {
  const std::string body = R"({ "model" : "m","messages":[{"content":"a \"}]{\\"}], "t": 1.50e2 })";
  const auto r = parse_request_line("  " + batch_line(" " + body + " ") + "\r", 3, 9);
  BOOST_REQUIRE(!r.rejection);
  BOOST_TEST(*r.body == body);
  BOOST_TEST(r.custom_id == "a");
  BOOST_TEST(r.url == "/v1/chat/completions");
  BOOST_TEST(r.model == "m");
  BOOST_TEST(r.index == 3u);
  BOOST_TEST(r.line == 9u);
}

BOOST_AUTO_TEST_CASE(members_left_out_get_defaults) {
  auto r = parse_request_line(R"({"body":{"messages":[]}})", 5, 1);
  BOOST_REQUIRE(!r.rejection);
  BOOST_TEST(r.custom_id == "request-5");
  BOOST_TEST(r.method == "POST");
  BOOST_TEST(r.url == "/v1/chat/completions");
  r = parse_request_line(R"({"body":{"input":"x"},"custom_id":null,"method":null})", 5, 1);
  BOOST_REQUIRE(!r.rejection);
  BOOST_TEST(r.url == "/v1/embeddings");
  r = parse_request_line(R"({"url":"/v1/responses","body":{"input":"x"}})", 5, 1);
  BOOST_TEST(r.url == "/v1/responses");
}

BOOST_AUTO_TEST_CASE(a_bare_body_is_taken_as_it_stands) {
  const std::string body = R"({"messages":[{"role":"user","content":"hi"}],"model":"m"})";
  auto r = parse_request_line(body, 2, 3);
  BOOST_REQUIRE(!r.rejection);
  BOOST_TEST(*r.body == body);
  BOOST_TEST(r.custom_id == "request-2");
}

BOOST_AUTO_TEST_CASE(a_bare_body_loses_what_belongs_to_the_line) {
  auto r = parse_request_line(R"({"custom_id":"x","messages":[1, 2],"url":"/v1/y"})", 2, 3);
  BOOST_REQUIRE(!r.rejection);
  BOOST_TEST(*r.body == R"({"messages":[1, 2]})");
  BOOST_TEST(r.custom_id == "x");
  BOOST_TEST(r.url == "/v1/y");
}

BOOST_AUTO_TEST_CASE(a_model_override_changes_the_model_alone) {
  auto read = [](std::string_view body) {
    auto r = parse_request_line(batch_line(body), 0, 1, {.model = "new\"1"});
    BOOST_REQUIRE(!r.rejection);
    BOOST_TEST(r.model == "new\"1");
    return *r.body;
  };
  BOOST_TEST(read(R"({"a":1.50,"model":"old","messages":[ 1]})") ==
             R"({"a":1.50,"model":"new\"1","messages":[ 1]})");
  BOOST_TEST(read(R"({"messages":[]})") == R"({"messages":[],"model":"new\"1"})");
  BOOST_TEST(read("{}") == R"({"model":"new\"1"})");
  BOOST_TEST(read(R"({"m\u006fdel":"old"})") == R"({"m\u006fdel":"new\"1"})");
  BOOST_TEST(read(R"({ "model" : "new\"1" })") == R"({ "model" : "new\"1" })");
}

BOOST_AUTO_TEST_CASE(unusable_lines_say_what_is_wrong) {
  BOOST_TEST(contains(reason_of("{\"custom_id\":"), "not valid JSON"));
  BOOST_TEST(contains(reason_of("{} {}"), "not valid JSON"));
  BOOST_TEST(contains(reason_of("[1]"), "not a JSON object"));
  BOOST_TEST(contains(reason_of("{}"), "body is missing"));
  BOOST_TEST(contains(reason_of(R"({"body":[]})"), "body must be an object"));
  BOOST_TEST(contains(reason_of(R"({"body":null,"messages":[]})"), "body must be an object"));
  BOOST_TEST(contains(reason_of(R"({"body":{}})"), "url is missing"));
  BOOST_TEST(contains(reason_of(R"({"url":"v1","body":{}})"), "begin with /"));
  BOOST_TEST(contains(reason_of(R"({"url":1,"body":{}})"), "url must be a string"));
  BOOST_TEST(contains(reason_of(R"({"custom_id":1,"body":{}})"), "custom_id must be a string"));
  BOOST_TEST(contains(reason_of(R"({"method":"GET","url":"/x","body":{}})"), "must be POST"));
  BOOST_TEST(contains(reason_of(batch_line(R"({"stream":true})")), "streaming"));
  BOOST_TEST(contains(reason_of(batch_line("{\"a\":\"\xff\"}")), "not valid JSON"));
  BOOST_TEST(contains(reason_of(batch_line(R"({"a":"\ud800"})")), "not valid JSON"));
  BOOST_TEST(
    contains(reason_of(batch_line(std::string_view{"{\"a\":\"\0\"}", 9})), "not valid JSON"));
  BOOST_TEST(contains(reason_of(R"({"custom_id":")" + std::string(513, 'x') + R"(","body":{}})"),
                      "longer than 512"));
  const std::string deep = std::string(10000, '[') + std::string(10000, ']');
  BOOST_TEST(contains(reason_of(batch_line(R"({"a":)" + deep + "}")), "not valid JSON"));
}

BOOST_AUTO_TEST_CASE(stream_false_is_no_reason_to_refuse) {
  BOOST_TEST(!parse_request_line(batch_line(R"({"stream":false})"), 0, 1).rejection);
}

BOOST_AUTO_TEST_CASE(a_broken_line_keeps_its_custom_id_where_it_can_be_read) {
  BOOST_TEST(parse_request_line(R"({"custom_id":"k\u0031","body":{"a":)", 4, 17).custom_id == "k1");
  BOOST_TEST(parse_request_line(R"({"body":{"a":)", 4, 17).custom_id == "request-4");
}

BOOST_AUTO_TEST_CASE(the_output_maximum_counts_every_answer) {
  auto most = [](std::string_view body) {
    return parse_request_line(batch_line(body), 0, 1).output_tokens_max;
  };
  BOOST_TEST(most("{}") == 0u);
  BOOST_TEST(most(R"({"max_tokens":100})") == 100u);
  BOOST_TEST(most(R"({"max_tokens":100,"max_completion_tokens":300,"n":2})") == 600u);
  BOOST_TEST(most(R"({"max_output_tokens":7.0,"n":0})") == 7u);
  BOOST_TEST(most(R"({"max_tokens":-5})") == 0u);
  BOOST_TEST(most(R"({"max_tokens":1e300})") == 0u);
  BOOST_TEST(most(R"({"max_tokens":18446744073709551615,"n":18446744073709551615})") ==
             4294967295u);
}

BOOST_AUTO_TEST_CASE(lines_of_white_space_are_blank) {
  BOOST_TEST(is_blank(""));
  BOOST_TEST(is_blank(" \t\r"));
  BOOST_TEST(!is_blank(" x"));
}

BOOST_AUTO_TEST_CASE(an_output_line_is_valid_json_of_the_batch_form) {
  auto o = example();
  const auto line = output_line(o);
  BOOST_TEST(line.ends_with('\n'));
  BOOST_TEST(line.find('\n') == line.size() - 1);
  auto v = boost::json::parse(line);
  BOOST_TEST(v.at("id") == "batch_req_000000000000000c");
  BOOST_TEST(v.at("custom_id") == "r\"1\xc3\xa4");
  BOOST_TEST(v.at("response").at("status_code") == 200);
  BOOST_TEST(v.at("response").at("request_id") == "req_9");
  BOOST_TEST(v.at("response").at("body") == boost::json::parse(*o.body));
  BOOST_TEST(v.at("error").is_null());
  auto& p = v.at("penstock");
  BOOST_TEST(p.at("index") == 12);
  BOOST_TEST(p.at("attempts") == 3);
  BOOST_TEST(p.at("mode") == "sequential");
  BOOST_TEST(p.at("queued_ms") == 15);
  BOOST_TEST(p.at("upstream_ms") == 1200);
  BOOST_TEST(p.at("cached") == false);
  BOOST_TEST(p.at("usage").at("output_tokens") == 30);
}

BOOST_AUTO_TEST_CASE(failures_name_their_code_with_and_without_an_answer) {
  auto o = example();
  o.state = outcome_state::failed;
  o.failure = error{errc::bad_request, "no \"such\" \xff model\n\x01"};
  o.status_code = 400;
  auto v = boost::json::parse(output_line(o));
  BOOST_TEST(v.at("response").at("status_code") == 400);
  BOOST_TEST(v.at("error").at("code") == "bad_request");
  BOOST_TEST(v.at("error").at("message") == "no \"such\" \xef\xbf\xbd model\n\x01");
  o.status_code = 0;
  o.body = make_payload("");
  BOOST_TEST(boost::json::parse(output_line(o)).at("response").is_null());
  o.status_code = 502;
  BOOST_TEST(boost::json::parse(output_line(o)).at("response").at("body").is_null());
}

BOOST_AUTO_TEST_CASE(line_breaks_in_a_body_never_break_the_line) {
  auto o = example();
  o.body = make_payload("{\r\n \"a\":\n1}");
  const auto line = output_line(o);
  BOOST_TEST(line.find_first_of("\r\n") == line.size() - 1);
  BOOST_TEST(boost::json::parse(line).at("response").at("body").at("a") == 1);
}

BOOST_AUTO_TEST_CASE(an_output_line_reads_back) {
  auto o = example();
  auto r = parse_output_line(output_line(o));
  BOOST_REQUIRE(r.has_value());
  const auto expected = record_of(o);
  BOOST_TEST(r->index == 12u);
  BOOST_TEST(r->custom_id == o.custom_id);
  BOOST_TEST((r->state == outcome_state::completed));
  BOOST_TEST(r->status_code == 200);
  BOOST_TEST(r->error_code.empty());
  BOOST_TEST(r->rate_limited == 2u);
  BOOST_TEST((r->ran_as == mode::sequential));
  output_totals read, known;
  read.add(*r);
  known.add(expected);
  BOOST_TEST((read == known));
  BOOST_TEST(read.completed == 1u);
  BOOST_TEST(read.input_tokens == 100u);
  BOOST_TEST(read.upstream_ms == 1200u);
}

BOOST_AUTO_TEST_CASE(a_deeply_nested_body_reads_back) {
  auto o = example();
  o.body = make_payload(std::string(5000, '[') + std::string(5000, ']'));
  BOOST_TEST(parse_output_line(output_line(o)).has_value());
}

BOOST_AUTO_TEST_CASE(a_line_torn_at_any_byte_is_refused) {
  const auto line = output_line(example());
  for (size_t n = 0; n + 1 < line.size(); ++n)
    BOOST_TEST(!parse_output_line(std::string_view{line}.substr(0, n)).has_value());
  BOOST_TEST(parse_output_line(std::string_view{line}.substr(0, line.size() - 1)).has_value());
}

BOOST_AUTO_TEST_CASE(a_line_with_any_changed_byte_is_refused) {
  auto line = output_line(example());
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    line[i] = static_cast<char>(line[i] ^ 1);
    BOOST_TEST_CONTEXT("byte " << i) { BOOST_TEST(!parse_output_line(line).has_value()); }
    line[i] = static_cast<char>(line[i] ^ 1);
  }
}

BOOST_AUTO_TEST_CASE(what_is_json_is_what_another_parser_takes) {
  const uint32_t seed = 99;
  std::mt19937 random{seed};
  const std::string sound = "{\"a\":[1,-2.5e+3,0,true,false,null,\"x\\u00e4\\ud83d\\ude00\\n\\\"\","
                            "{}],\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80 "
                            "long enough for a word\" : [ ] , \"\":{\"b\":-0.1E5}}";
  boost::json::parse_options rules;
  rules.max_depth = 200;
  size_t valid = 0;
  for (int round = 0; round < 60000; ++round) {
    auto text = sound;
    for (auto n = random() % 3; n > 0; --n) {
      const auto at = random() % text.size();
      const char c =
        random() % 2 ? R"({}[]",:\ud8+-.eE019)"[random() % 20] : static_cast<char>(random());
      switch (random() % 3) {
      case 0: text[at] = c; break;
      case 1: text.erase(at, 1 + random() % 3); break;
      default: text.insert(at, 1, c);
      }
    }
    boost::system::error_code ec;
    boost::json::parse(text, ec, {}, rules);
    const auto fault = check_json(text);
    BOOST_TEST_CONTEXT("seed " << seed << ", round " << round << ", text " << text) {
      BOOST_TEST(fault.has_value() == ec.failed());
      BOOST_TEST((!fault || fault->at <= text.size()));
    }
    valid += !fault;
  }
  BOOST_TEST(valid > 20000u);
  BOOST_TEST(valid < 50000u);
}

BOOST_AUTO_TEST_CASE(every_plain_byte_is_plain_at_every_place) {
  for (int c = 0; c < 256; ++c) {
    for (size_t at = 0; at < 20; ++at) {
      std::string text(20, 'a');
      text[at] = static_cast<char>(c);
      const bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
      BOOST_TEST_CONTEXT("byte " << c << " at " << at) {
        BOOST_TEST(!check_json("\"" + text + "\"").has_value() == plain);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_depth_has_a_limit) {
  auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  BOOST_TEST(!check_json(nested(200)).has_value());
  BOOST_REQUIRE(check_json(nested(201)).has_value());
  BOOST_TEST(check_json(nested(201))->at == 200u);
}

// Mutated lines never crash, and every accepted line is a valid JSON object.
BOOST_AUTO_TEST_CASE(random_damage_never_yields_an_invalid_body) {
  const uint32_t seed = 20240;
  std::mt19937 random{seed};
  const auto sound =
    batch_line(R"({"model":"m","messages":[{"c":"a\"b\\"}],"n":2,"body":{"x":[]}})");
  size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    auto line = sound;
    for (auto n = random() % 3 + 1; n > 0; --n) {
      const auto at = random() % line.size();
      switch (random() % 3) {
      case 0: line[at] = R"({}[]",:\ x)"[random() % 10]; break;
      case 1: line.erase(at, 1); break;
      default: line.insert(at, 1, R"({}[]",:\ x)"[random() % 10]);
      }
    }
    const auto r = parse_request_line(line, 0, 1, {.model = round % 2 ? "o" : ""});
    if (r.rejection)
      continue;
    ++accepted;
    boost::system::error_code ec;
    BOOST_TEST_CONTEXT("seed " << seed << ", line " << line << ", body " << *r.body) {
      BOOST_TEST(boost::json::parse(*r.body, ec).is_object());
      BOOST_TEST(!ec.failed());
    }
  }
  BOOST_TEST(accepted > 100u);
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_and_their_utf8_repaired) {
  auto quoted = [](std::string_view s) {
    std::string out;
    append_json_string(out, s);
    return out;
  };
  BOOST_TEST(quoted("a\"\\\b") == "\"a\\\"\\\\\\u0008\"");
  BOOST_TEST(quoted("\xf0\x9f\x98\x80") == "\"\xf0\x9f\x98\x80\"");
  BOOST_TEST(quoted("\xc0\xaf") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  BOOST_TEST(quoted("x\xe2\x82") == "\"x\xef\xbf\xbd\xef\xbf\xbd\"");
  BOOST_TEST(quoted("\xed\xa0\x80").size() == 11u);
}

BOOST_AUTO_TEST_SUITE_END()
