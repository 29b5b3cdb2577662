#include "tests/core/protocol/protocol_cases.hpp"
#include "tests/support/seeds.hpp"

#include "core/json/json_fields.hpp"
#include "core/protocol/reply_judge.hpp"
#include "core/base/text.hpp"

#include <random>

using namespace penstock;
using namespace penstock::core;
using namespace penstock::test;

namespace json = boost::json;

namespace {

constexpr std::string_view urls[] = {"/v1/chat/completions",
                                     "/v1/embeddings",
                                     "/v1/messages",
                                     "/v1beta/models/m:generateContent",
                                     "/v1beta/models/m:batchEmbedContents",
                                     "/api/chat",
                                     "/api/generate",
                                     "/api/embed",
                                     "/v1/other",
                                     ""};
constexpr int statuses[] = {200, 200, 200, 200, 400, 401, 404, 429, 500, 503, 529, 0, -1};

/// A value of any type, as a replacement.
json::value random_value(std::mt19937& rng) {
  switch (rng() % 10) {
  case 0: return nullptr;
  case 1: return rng() % 2 == 0;
  case 2: return -1;
  case 3: return 1e300;
  case 4: return "";
  case 5: return "text\n\u00e9";
  case 6: return json::array{};
  case 7: return json::object{};
  case 8: return json::array{1, "a", nullptr, json::object{{"type", 7}}};
  default: return json::object{{"type", "text"}, {"text", json::array{}}};
  }
}

/// Replaces, removes or doubles something at a random place of `v`.
void mutate(json::value& v, std::mt19937& rng) {
  auto* o = v.if_object();
  auto* list = v.if_array();
  const auto size = o ? o->size() : list ? list->size() : 0;
  if (size == 0 || rng() % 6 == 0) {
    v = random_value(rng);
    return;
  }
  const auto at = rng() % size;
  if (o) {
    const auto it = o->begin() + static_cast<std::ptrdiff_t>(at);
    if (rng() % 6 == 0)
      o->erase(it);
    else
      mutate(it->value(), rng);
  } else if (rng() % 6 == 0) {
    list->push_back((*list)[at]);
  } else {
    mutate((*list)[at], rng);
  }
}

/// Checks that hold for any answer to any request.
void check_judged(const protocol& p, const request& r, const http_response& reply) {
  const auto v = p.decode(r, reply, golden_now);
  BOOST_TEST(v.message.size() <= message_bytes_max);
  BOOST_TEST(v.provider_code.size() <= name_bytes_max);
  for (auto& text : {v.message, v.provider_code, v.request_id})
    BOOST_TEST(is_utf8(text));
  BOOST_TEST(v.used.cached_input_tokens <= v.used.input_tokens);
  BOOST_TEST(v.used.reasoning_tokens <= v.used.output_tokens);
  const auto shown = p.present(r, reply.body, v);
  BOOST_TEST(shown.find_first_of("\r\n") == std::string::npos);
  json::error_code ec;
  json::parse_options deep;
  deep.max_depth = 2 * json_depth_max;
  const auto value = json::parse(shown, ec, {}, deep);
  BOOST_REQUIRE_MESSAGE(!ec, "no JSON: " << shown);
  const bool chat = r.url == urls[0];
  if (v.kind == reply_kind::success && chat) {
    // Every success has a choice with a message and a finish_reason.
    const auto* choices =
      value.is_object() ? filled_array_at(value.get_object(), "choices") : nullptr;
    BOOST_REQUIRE(choices);
    if (p.name() != "openai")
      for (auto& choice : *choices) {
        BOOST_TEST(object_at(choice.as_object(), "message"));
        BOOST_TEST(!text_at(choice.as_object(), "finish_reason").empty());
      }
  } else if (chat && p.name() != "openai") {
    BOOST_TEST(object_at(value.as_object(), "error"));
  }
}

/// The native answers and neutral bodies of the golden files, to begin with.
std::vector<json::value> answers() {
  std::vector<json::value> out;
  for (auto protocol : {"anthropic", "gemini", "ollama"}) {
    const auto file = golden(std::string{protocol} + "/decode.json");
    for (auto& entry : file.as_array())
      out.push_back(entry.at("answer"));
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(protocol_fuzz)

BOOST_AUTO_TEST_CASE(mutated_answers_do_no_harm) {
  const auto whole = answers();
  test::for_seeds(0, 3000, [&](uint32_t seed) {
    std::mt19937 rng{seed};
    auto value = whole[rng() % whole.size()];
    for (auto edits = rng() % 4; edits > 0; --edits)
      mutate(value, rng);
    http_response reply;
    reply.status = statuses[rng() % std::size(statuses)];
    reply.body = json::serialize(value);
    if (rng() % 8 == 0) // Bytes instead of values.
      for (auto edits = 1 + rng() % 3; edits > 0 && !reply.body.empty(); --edits)
        reply.body[rng() % reply.body.size()] = static_cast<char>(rng());
    if (rng() % 16 == 0)
      reply.body.resize(rng() % (reply.body.size() + 1));
    for (auto protocol : protocol_names) {
      const bool embeds = rng() % 4 == 0;
      const auto r =
        request_for(urls[rng() % 3 == 0 ? rng() % std::size(urls) : 0],
                    embeds ? R"({"model":"m","input":["a","b"],"encoding_format":"base64"})"
                           : R"({"model":"m","input":"a","messages":[]})");
      check_judged(*find_protocol(protocol), r, reply);
    }
  });
}

BOOST_AUTO_TEST_CASE(mutated_requests_are_encoded_or_refused) {
  const auto whole = golden("neutral.json").as_array();
  size_t encoded = 0, refused = 0;
  test::for_seeds(0, 3000, [&](uint32_t seed) {
    std::mt19937 rng{seed};
    auto& entry = whole[rng() % whole.size()];
    auto body = entry.at("body");
    for (auto edits = rng() % 3; edits > 0; --edits)
      mutate(body, rng);
    auto text = json::serialize(body);
    if (rng() % 16 == 0)
      text[rng() % text.size()] = static_cast<char>(rng());
    const auto r = request_for(rng() % 8 ? entry.at("url").as_string().c_str()
                                         : std::string{urls[rng() % std::size(urls)]},
                               text);
    for (auto protocol : protocol_names) {
      const auto out = encode(protocol, r);
      if (!out) {
        ++refused;
        BOOST_TEST(
          (out.error().code == errc::invalid_input || out.error().code == errc::bad_request));
        BOOST_TEST(is_utf8(out.error().context));
        BOOST_TEST(!out.error().context.empty());
        continue;
      }
      ++encoded;
      BOOST_TEST(out->url.find_first_of(" \r\n#") == std::string::npos);
      BOOST_TEST(
        out->url.starts_with(protocol == "ollama" ? "http://localhost:11434/" : "https://"));
      if (protocol == "openai" || out->body == r.body)
        continue; // Their bytes are passed through.
      json::error_code ec;
      json::parse_options deep;
      deep.max_depth = 250;
      json::parse(*out->body, ec, {}, deep);
      BOOST_TEST((!ec || r.url.starts_with("/api/") || r.url.starts_with("/v1beta/")));
    }
  });
  BOOST_TEST(encoded > 1000u);
  BOOST_TEST(refused > 1000u);
}

BOOST_AUTO_TEST_CASE(deep_answers_and_requests_do_not_reach_the_end_of_the_stack) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + '}';
  };
  for (auto protocol : protocol_names)
    for (size_t depth : {10u, 150u, 250u, 100000u}) {
      http_response reply;
      reply.status = 200;
      reply.body = nested(depth);
      check_judged(*find_protocol(protocol), request_for(urls[0], nested(depth)), reply);
      const auto out = encode(protocol, request_for(urls[0], nested(depth)));
      BOOST_TEST(out.has_value() == (protocol == "openai"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
