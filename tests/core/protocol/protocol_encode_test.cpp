#include "tests/core/protocol/protocol_cases.hpp"

#include "core/protocol/api_path.hpp"
#include "core/protocol/protocol_info.hpp"
#include "core/base/base64.hpp"
#include "core/jsonl/jsonl.hpp"

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace json = boost::json;

namespace {

constexpr std::string_view chat_url = "/v1/chat/completions";

std::string url_of(std::string_view protocol, std::string_view base, const request& r) {
  const auto out = find_protocol(protocol)->encode(r, base, "", "");
  return out ? out->url : to_string(out.error());
}

bool says(const error& e, std::string_view text) {
  return e.context.find(text) != std::string::npos;
}

/// All texts of a value at any depth, and the texts in JSON inside them.
void collect_texts(const json::value& v, std::vector<std::string>& out) {
  if (const auto* s = v.if_string())
    out.emplace_back(*s);
  else if (const auto* list = v.if_array())
    for (auto& entry : *list)
      collect_texts(entry, out);
  else if (const auto* o = v.if_object())
    for (auto& [key, value] : *o)
      collect_texts(value, out);
}

std::string random_text(std::mt19937& rng) {
  constexpr std::string_view letters[] = {"a", "Z", " ", "\n", "\"", "\\", "é", "😀", "{", "<", "0"};
  std::string out = std::to_string(rng()); // Makes all of them different.
  for (auto n = rng() % 12; n > 0; --n)
    out += letters[rng() % std::size(letters)];
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(protocol_encode)

BOOST_AUTO_TEST_CASE(the_table_knows_every_protocol_by_its_name) {
  for (auto name : protocol_names) {
    const auto* p = find_protocol(name);
    BOOST_REQUIRE(p);
    BOOST_TEST(p->name() == name);
  }
  BOOST_TEST(!find_protocol("Anthropic"));
  BOOST_TEST((find_protocol("anthropic")->charging() == charge_rule::anthropic));
  BOOST_TEST((find_protocol("gemini")->charging() == charge_rule::input_only));
  BOOST_TEST((find_protocol("ollama")->charging() == charge_rule::as_used));
}

BOOST_AUTO_TEST_CASE(a_base_works_with_and_without_its_version) {
  const auto chat =
    request_for(chat_url, R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
  for (auto base : {"http://h", "http://h/", "http://h/v1", "http://h/v1/", " http://h/v1 "})
    BOOST_TEST(url_of("anthropic", base, chat) == "http://h/v1/messages");
  BOOST_TEST(url_of("anthropic", "http://h/proxy/v1", chat) == "http://h/proxy/v1/messages");
  for (auto base : {"http://h", "http://h/v1beta", "http://h/v1beta/", "http://h/v1beta/openai/"})
    BOOST_TEST(url_of("gemini", base, chat) == "http://h/v1beta/models/m:generateContent");
  BOOST_TEST(url_of("gemini", "http://h/v1", chat) == "http://h/v1/models/m:generateContent");
  for (auto base : {"http://h", "http://h/", "http://h/v1", "http://h/api", "http://h/api/"})
    BOOST_TEST(url_of("ollama", base, chat) == "http://h/api/chat");
}

BOOST_AUTO_TEST_CASE(a_native_body_passes_through_untouched) {
  const std::pair<std::string_view, std::string_view> rows[] = {
    {"anthropic", "/v1/messages"},
    {"anthropic", "/v1/messages/count_tokens"},
    {"gemini", "/v1beta/models/m:generateContent"},
    {"gemini", "/v1beta/tunedModels/m:countTokens"},
    {"ollama", "/api/chat"},
    {"ollama", "/api/generate"},
    {"ollama", "/api/embed"},
  };
  for (auto& [protocol, url] : rows) {
    const auto r = request_for(url, "{ \"stream\" : false,\"anything\":[1.0] }");
    const auto out = encode(protocol, r);
    BOOST_REQUIRE_MESSAGE(out.has_value(), url);
    BOOST_TEST(out->body == r.body); // The same bytes, not a copy of them.
    BOOST_TEST(out->url.ends_with(url));
  }
}

BOOST_AUTO_TEST_CASE(ollama_is_told_not_to_stream) {
  const auto out = encode("ollama", request_for("/api/chat", R"({"model" : "m", "x":1.0})"));
  BOOST_REQUIRE(out);
  BOOST_TEST(*out->body == R"({"stream":false,"model":"m","x":1.0})");
  BOOST_TEST(*encode("ollama", request_for("/api/chat", "{}"))->body == R"({"stream":false})");
  const auto streams = encode("ollama", request_for("/api/chat", R"({"stream":true})"));
  BOOST_REQUIRE(!streams);
  BOOST_TEST(says(streams.error(), "stream must be false"));
  BOOST_TEST(!encode("gemini", request_for("/v1beta/models/m:streamGenerateContent", "{}")));
}

BOOST_AUTO_TEST_CASE(a_model_set_by_the_run_replaces_the_one_in_geminis_path) {
  line_options options;
  const std::string line =
    R"({"custom_id":"a","url":"/v1beta/models/old:generateContent?x=1","body":{"contents":[]}})";
  auto r = parse_request_line(line, 0, 1, options);
  BOOST_TEST(r.model == "old");
  BOOST_TEST(encode("gemini", r)->url.ends_with("/v1beta/models/old:generateContent?x=1"));
  BOOST_TEST(*encode("gemini", r)->body == R"({"contents":[]})");
  options.model = "new";
  r = parse_request_line(line, 0, 1, options);
  BOOST_TEST(r.model == "new");
  BOOST_TEST(encode("gemini", r)->url.ends_with("/v1beta/models/new:generateContent?x=1"));
  BOOST_TEST(*encode("gemini", r)->body == R"({"contents":[]})");
}

BOOST_AUTO_TEST_CASE(a_model_never_leaves_its_place_in_the_path) {
  const auto url = [](const std::string& model) {
    return url_of(
      "gemini", "http://h",
      request_for(chat_url,
                  json::serialize(json::object{
                    {"model", model},
                    {"messages", json::array{json::object{{"role", "user"}, {"content", "x"}}}}})));
  };
  BOOST_TEST(url("models/m") == "http://h/v1beta/models/m:generateContent");
  BOOST_TEST(url("tunedModels/m") == "http://h/v1beta/tunedModels/m:generateContent");
  BOOST_TEST(url("m?a#b c:d%") == "http://h/v1beta/models/m%3Fa%23b%20c%3Ad%25:generateContent");
  for (auto model : {"../x", "a/../b", "/x", "x/", "a//b"})
    BOOST_TEST(url(model).find("no name of a model") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_path_of_another_protocol_is_refused_with_its_name) {
  const std::pair<std::string_view, std::string_view> owners[] = {
    {"/v1/messages", "anthropic"},
    {"/v1beta/models/m:generateContent", "gemini"},
    {"/api/chat", "ollama"},
  };
  for (auto& [url, owner] : owners)
    for (auto protocol : protocol_names) {
      const auto out = encode(protocol, request_for(url, "{}"));
      BOOST_TEST_CONTEXT(protocol << " " << url) {
        BOOST_TEST(out.has_value() == (protocol == owner));
        if (!out) {
          BOOST_TEST((out.error().code == errc::bad_request));
          BOOST_TEST(says(out.error(), '"' + std::string{owner} + '"'));
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(a_path_is_of_the_protocol_that_serves_it) {
  const auto kind = [](std::string_view url, std::string_view protocol = "gemini") {
    return api_path_of(url, *find_protocol_info(protocol));
  };
  BOOST_TEST((kind("/v1beta/models/m:embedContent?a=b") == api_path::own));
  BOOST_TEST((kind("/v1beta/models/m:embedContent?a=b", "openai") == api_path::foreign));
  BOOST_TEST((kind("/v1/messages/count_tokens", "anthropic") == api_path::own));
  BOOST_TEST((kind("/api/chat") == api_path::foreign));
  BOOST_TEST((kind("/v1/chat/completions/") == api_path::chat));
  BOOST_TEST((kind("/v1/embeddings?x") == api_path::embeddings));
  BOOST_TEST((kind("/v1/models/x") == api_path::other));
  BOOST_TEST((kind("/v1/x:y") == api_path::other));
  BOOST_TEST((kind("") == api_path::other));
}

BOOST_AUTO_TEST_CASE(each_row_of_the_table_is_a_protocol) {
  for (auto& row : all_protocols()) {
    BOOST_TEST_CONTEXT(row.name) {
      const auto* p = find_protocol(row.name);
      BOOST_REQUIRE(p);
      BOOST_TEST(p->name() == row.name);
      BOOST_TEST((p->charging() == row.charging));
      BOOST_TEST(find_protocol_info(row.name) == &row);
      BOOST_TEST(!row.paths.empty());
      BOOST_TEST(!row.base_url.ends_with('/'));
    }
  }
  BOOST_TEST(protocol_list() == "openai, anthropic, gemini, ollama and null");
}

BOOST_AUTO_TEST_CASE(bad_bodies_are_refused_by_the_name_of_the_member) {
  const std::pair<std::string_view, std::string_view> rows[] = {
    {"[]", "JSON object"},
    {R"({"model":"m"})", "messages"},
    {R"({"model":"m","messages":[]})", "at least one message"},
    {R"({"model":"m","messages":"x"})", "messages must be a list"},
    {R"({"model":"m","messages":[7]})", "messages[0]"},
    {R"({"model":"m","messages":[{"role":"robot","content":"x"}]})", "messages[0].role"},
    {R"({"model":"m","messages":[{"role":"user"}]})", "messages[0].content"},
    {R"({"model":"m","messages":[{"role":"user","content":[{"type":"poem"}]}]})", "poem"},
    {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}]})",
     "messages[0].content[0].image_url.url"},
    {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,?"}}]}]})",
     "messages[0].content[0].image_url.url"},
    {R"({"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f-1"}}]}]})",
     "file_id is known at OpenAI only"},
    {R"({"model":"m","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://x/a.png"}}]}]})",
     "messages[0].content[0] must be text"},
    {R"({"model":"m","messages":[{"role":"tool","content":"x"}]})", "tool_call_id"},
    {R"({"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"[1]"}}]}]})",
     "messages[0].tool_calls[0].function.arguments"},
    {R"({"model":7,"messages":[{"role":"user","content":"x"}]})", "model must be text"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"temperature":"hot"})",
     "temperature"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":0.5})", "max_tokens"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"n":0})", "n must be"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"stop":[1]})", "stop"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"web"}]})",
     "tools[0]"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"tool_choice":"some"})",
     "tool_choice"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}})",
     "response_format"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"reasoning_effort":"huge"})",
     "reasoning_effort"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"logit_bias":{"50":1}})",
     "logit_bias"},
    {R"({"model":"m","messages":[{"role":"user","content":"x"}],"functions":[]})", "functions"},
  };
  for (auto protocol : {"anthropic", "gemini", "ollama"})
    for (auto& [body, word] : rows)
      BOOST_TEST_CONTEXT(protocol << " " << body) {
        const auto out = encode(protocol, request_for(chat_url, std::string{body}));
        BOOST_REQUIRE(!out);
        BOOST_TEST(says(out.error(), word), out.error().context);
      }
}

BOOST_AUTO_TEST_CASE(members_of_the_providers_own_go_along) {
  const std::string start = R"({"model":"m","messages":[{"role":"user","content":"x"}],)";
  const auto body = [&](std::string_view protocol, const std::string& member) {
    const auto out = encode(protocol, request_for(chat_url, start + member + "}"));
    return out ? json::parse(*out->body).as_object() : json::object{};
  };
  BOOST_TEST(body("anthropic", R"("thinking":{"type":"adaptive"})").contains("thinking"));
  BOOST_TEST(body("gemini", R"("safetySettings":[])").contains("safetySettings"));
  const auto own = body("ollama", R"("options":{"num_ctx":9,"seed":1},"seed":2,"keep_alive":"1h")");
  BOOST_TEST(json::serialize(own.at("options")) == R"({"num_ctx":9,"seed":2})");
  BOOST_TEST(own.at("keep_alive") == "1h");
  BOOST_TEST(body("gemini", R"("thinking":{})").empty());
}

BOOST_AUTO_TEST_CASE(all_protocols_carry_the_same_texts) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 rng{seed};
      std::vector<std::string> texts;
      const auto fresh = [&] { return texts.emplace_back(random_text(rng)); };
      json::array messages;
      constexpr const char* roles[] = {"system", "developer", "user", "assistant"};
      for (auto n = 1 + rng() % 6; n > 0; --n) {
        const auto* role = roles[rng() % std::size(roles)];
        json::object message{{"role", role}};
        if (rng() % 2)
          message["content"] = fresh();
        else
          message["content"] = json::array{json::object{{"type", "text"}, {"text", fresh()}},
                                           json::object{{"type", "text"}, {"text", fresh()}}};
        messages.push_back(std::move(message));
      }
      const auto r = request_for(
        chat_url, json::serialize(json::object{{"model", "m"}, {"messages", messages}}));
      for (auto protocol : protocol_names) {
        const auto out = encode(protocol, r);
        BOOST_REQUIRE(out);
        std::vector<std::string> carried;
        collect_texts(json::parse(*out->body), carried);
        for (auto& text : texts) {
          const auto found = std::count_if(carried.begin(), carried.end(), [&](auto& c) {
            return c.find(text) != std::string::npos;
          });
          BOOST_TEST(found == 1, protocol << " has " << found << " times: " << text);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(base64_comes_back_as_it_went) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 rng{seed};
    std::string bytes(rng() % 50, '\0');
    for (auto& c : bytes)
      c = static_cast<char>(rng());
    auto text = base64_encode(bytes);
    BOOST_TEST(text.size() % 4 == 0u);
    BOOST_TEST((base64_decode(text) == bytes), "seed " << seed);
    while (text.ends_with('='))
      text.pop_back();
    BOOST_TEST((base64_decode(text) == bytes), "seed " << seed);
  }
  BOOST_TEST(base64_encode("Man") == "TWFu");
  BOOST_TEST(base64_encode("Ma") == "TWE=");
  BOOST_TEST(base64_encode("M") == "TQ==");
  for (auto text : {"A", "AA\n", "TWE?", "=AA="})
    BOOST_TEST(!base64_decode(text));
}

BOOST_AUTO_TEST_SUITE_END()
