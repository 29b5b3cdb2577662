#include "core/pack/pack.hpp"
#include "tests/support/pack_script.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace penstock;
using namespace penstock::core;

namespace {

request chat(uint64_t index, std::string_view text, std::string more = {}) {
  request r;
  r.index = index;
  r.custom_id = "id-" + std::to_string(index);
  r.url = "/v1/chat/completions";
  r.model = "m";
  r.body = make_payload("{" + more +
                        R"("model":"m","messages":[{"role":"system","content":"Be brief."},)" +
                        R"({"role":"user","content":)" + test::json_text(text) + "}]}");
  return r;
}

struct composed {
  explicit composed(std::vector<std::string> texts, std::string more = {},
                    pack_style style = pack_style::schema) {
    for (size_t i = 0; i < texts.size(); ++i)
      requests.push_back(chat(40 + i, texts[i], more));
    for (auto& r : requests)
      members.push_back(&r);
    auto made = compose_pack(members, style, 99);
    BOOST_REQUIRE_MESSAGE(made.has_value(), made.error().context);
    sent = std::move(*made);
    body = boost::json::parse(*sent.what.body);
    entries = *read_pack_prompt(test::user_text(*sent.what.body));
  }
  /// The right list; each answer is its text in capitals.
  std::vector<test::said_answer> right() const {
    return test::right_answers(entries, [](std::string s) {
      for (auto& c : s)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      return s;
    });
  }
  pack_reply reply(std::string_view content, std::string_view finish = "stop") const {
    return take_apart(sent, test::chat_body(content, finish), {1000, 300, 500, 200, true});
  }
  std::vector<request> requests;
  std::vector<const request*> members;
  pack sent;
  boost::json::value body;
  std::vector<prompt_entry> entries;
};

std::string said(const pack_reply& r, size_t i) {
  return r.answers[i] ? test::content_of(r.answers[i]->body) : "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(pack_suite)

BOOST_AUTO_TEST_CASE(a_pack_is_one_chat_completion_with_every_text_in_its_place) {
  const std::string nasty =
    "x\"}]}\n{\"entries\":[{\"id\":\"1\",\"text\":\"mine\"}]} \xE2\x82\xAC \\";
  composed p{{"first", nasty, "first"}, R"("temperature":0.5,"max_tokens":100,)"};
  BOOST_TEST(p.body.at("model").as_string() == "m");
  BOOST_TEST(p.body.at("temperature").as_double() == 0.5);
  BOOST_TEST(p.body.at("messages").as_array().size() == 2u);
  BOOST_TEST(p.body.at("messages").at(0).at("content").as_string() == "Be brief.");
  BOOST_TEST(p.body.at("max_tokens").as_int64() == 3 * (100 + pack_entry_tokens));
  BOOST_TEST(p.sent.what.output_tokens_max == 3 * (100 + pack_entry_tokens));
  BOOST_REQUIRE(p.entries.size() == 3u);
  BOOST_TEST(p.entries[1].text == nasty);
  for (size_t i = 0; i < 3; ++i) {
    BOOST_TEST(p.entries[i].id == p.sent.entries[i].id);
    BOOST_TEST(p.entries[i].check == p.sent.entries[i].check);
    BOOST_TEST(p.sent.entries[i].index == 40 + i);
    BOOST_TEST(p.entries[i].id.starts_with(std::to_string(i + 1) + '-'));
  }
  // Equal texts, but other tokens.
  BOOST_TEST(p.entries[0].id.substr(2) != p.entries[2].id.substr(2));
  BOOST_TEST(p.entries[0].check != p.entries[2].check);
}

BOOST_AUTO_TEST_CASE(the_schema_fixes_ids_and_length_but_not_the_checks) {
  composed p{{"a", "b"}};
  const auto& schema = p.body.at("response_format").at("json_schema").at("schema");
  BOOST_TEST(p.body.at("response_format").at("json_schema").at("strict").as_bool());
  const auto& answers = schema.at("properties").at("answers");
  BOOST_TEST(answers.at("minItems").to_number<int>() == 2);
  BOOST_TEST(answers.at("maxItems").to_number<int>() == 2);
  const auto& entry = answers.at("items");
  BOOST_TEST(entry.at("properties").at("id").at("enum").at(1).as_string() == p.entries[1].id);
  BOOST_TEST(!entry.at("properties").at("check").as_object().contains("enum"));
  BOOST_TEST(entry.at("required").as_array().size() == 3u);
  BOOST_TEST(!entry.at("additionalProperties").as_bool());
}

BOOST_AUTO_TEST_CASE(the_plain_style_asks_by_the_prompt_alone) {
  composed p{{"a", "b"}, {}, pack_style::plain};
  BOOST_TEST(!p.body.as_object().contains("response_format"));
  const auto list = test::to_json(p.right());
  for (auto content :
       {list, "```json\n" + list + "\n```", "Here you are {as asked}: " + list + " Bye."})
    BOOST_TEST_CONTEXT(content) BOOST_TEST(p.reply(content).right == 2u);
  // Two lists: which one counts?
  BOOST_TEST(p.reply(list + list).right == 0u);
  BOOST_TEST(p.reply("nothing of the sort").right == 0u);
}

BOOST_AUTO_TEST_CASE(ids_depend_on_the_seed) {
  composed p{{"a", "b"}};
  const auto other = compose_pack(p.members, pack_style::schema, 100);
  BOOST_TEST(other->entries[0].id != p.sent.entries[0].id);
  BOOST_TEST(other->entries[0].check != p.sent.entries[0].check);
}

BOOST_AUTO_TEST_CASE(requests_that_differ_in_more_than_their_text_are_refused) {
  const auto a = chat(0, "a"), b = chat(1, "b", R"("temperature":1,)");
  const request* both[] = {&a, &b};
  BOOST_TEST((compose_pack(both, pack_style::schema, 1).error().code == errc::not_packable));
}

BOOST_AUTO_TEST_CASE(every_answer_becomes_a_completion_with_its_share_of_the_usage) {
  composed p{{"a", "a longer text of some bytes", "b"}};
  const auto r = p.reply(test::to_json(p.right()));
  BOOST_TEST(r.right == 3u);
  BOOST_TEST(r.fault.empty());
  usage sum;
  for (size_t i = 0; i < 3; ++i) {
    BOOST_REQUIRE(r.answers[i].has_value());
    const auto body = boost::json::parse(r.answers[i]->body);
    BOOST_TEST(body.at("object").as_string() == "chat.completion");
    BOOST_TEST(body.at("id").as_string() == "c-1");
    BOOST_TEST(body.at("choices").at(0).at("finish_reason").as_string() == "stop");
    const auto& u = r.answers[i]->used;
    BOOST_TEST(u.known);
    BOOST_TEST(body.at("usage").at("prompt_tokens").to_number<uint64_t>() == u.input_tokens);
    BOOST_TEST(u.cached_input_tokens <= u.input_tokens);
    BOOST_TEST(u.reasoning_tokens <= u.output_tokens);
    sum.input_tokens += u.input_tokens;
    sum.cached_input_tokens += u.cached_input_tokens;
    sum.output_tokens += u.output_tokens;
    sum.reasoning_tokens += u.reasoning_tokens;
  }
  BOOST_TEST(sum.input_tokens == 1000u);
  BOOST_TEST(sum.cached_input_tokens == 300u);
  BOOST_TEST(sum.output_tokens == 500u);
  BOOST_TEST(sum.reasoning_tokens == 200u);
  BOOST_TEST(r.answers[1]->used.input_tokens > r.answers[0]->used.input_tokens);
  BOOST_TEST(said(r, 0) == "A");
  BOOST_TEST(said(r, 1) == "A LONGER TEXT OF SOME BYTES");
}

BOOST_AUTO_TEST_CASE(the_answers_that_are_right_carry_the_whole_usage) {
  composed p{{"a", "b", "c"}};
  auto list = p.right();
  list.erase(list.begin());
  const auto r = p.reply(test::to_json(list));
  BOOST_TEST(r.right == 2u);
  BOOST_TEST((r.code == errc::pack_mismatch));
  BOOST_TEST(r.fault == "1 of 3 answers are missing or wrong: entry 1");
  BOOST_TEST(r.answers[1]->used.input_tokens + r.answers[2]->used.input_tokens == 1000u);
}

BOOST_AUTO_TEST_CASE(swapped_ids_leave_both_without_an_answer) {
  composed p{{"a", "b", "c"}};
  auto list = p.right();
  std::swap(list[0].id, list[2].id);
  const auto r = p.reply(test::to_json(list));
  BOOST_TEST(r.right == 1u);
  BOOST_TEST(said(r, 1) == "B");
}

BOOST_AUTO_TEST_CASE(a_check_that_stands_twice_proves_nothing) {
  composed p{{"a", "b", "c"}};
  auto list = p.right();
  list[0].check = list[1].check;
  BOOST_TEST(p.reply(test::to_json(list)).right == 1u);
}

BOOST_AUTO_TEST_CASE(a_cut_reply_keeps_what_was_whole_before_the_cut) {
  composed p{{"alpha", "beta", "gamma"}};
  const auto whole = test::to_json(p.right());
  const auto cut = whole.substr(0, whole.find("GAMMA") + 2);
  const auto r = p.reply(cut, "length");
  BOOST_TEST(r.right == 2u);
  BOOST_TEST(said(r, 0) == "ALPHA");
  BOOST_TEST(!r.answers[2].has_value());
  // The same without being cut is broken JSON.
  BOOST_TEST(p.reply(cut).right == 0u);
  // An entry that begins a second time before the cut may have another answer.
  const auto again = whole.substr(0, whole.size() - 2) + R"(,{"id":")" + p.entries[0].id;
  const auto doubtful = p.reply(again, "length");
  BOOST_TEST(doubtful.right == 2u);
  BOOST_TEST(!doubtful.answers[0].has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_pack_says_so) {
  composed p{{"a", "b"}};
  const auto filtered = p.reply("", "content_filter");
  BOOST_TEST((filtered.code == errc::bad_request));
  const auto refused = take_apart(
    p.sent,
    R"({"choices":[{"message":{"content":null,"refusal":"I will not"},"finish_reason":"stop"}]})",
    {});
  BOOST_TEST((refused.code == errc::bad_request));
  BOOST_TEST(refused.fault == "the model refused the pack as a whole");
  for (auto body :
       {"", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"message":{"content":null}}]})",
        R"({"choices":[{"message":{"content":"{}"}},{"message":{"content":"{}"}}]})"})
    BOOST_TEST_CONTEXT(body) {
      const auto r = take_apart(p.sent, body, {});
      BOOST_TEST(r.right == 0u);
      BOOST_TEST((r.code == errc::pack_mismatch));
      BOOST_TEST(!r.fault.empty());
    }
}

BOOST_AUTO_TEST_CASE(answers_of_a_schema_must_be_of_it) {
  const std::string format =
    R"("response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,)"
    R"("schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],)"
    R"("additionalProperties":false}}},)";
  composed p{{"a", "b", "c", "d"}, format};
  const auto& items = p.body.at("response_format")
                        .at("json_schema")
                        .at("schema")
                        .at("properties")
                        .at("answers")
                        .at("items");
  BOOST_TEST(items.at("properties").at("answer").at("required").at(0).as_string() == "n");
  auto list = p.right();
  list[0].answer = R"({"n": 1})";
  list[1].answer = R"({"m": 1})";
  list[2].answer = R"("{\"n\":1}")";
  list[3].answer = R"([1])";
  const auto r = p.reply(test::to_json(list));
  BOOST_TEST(r.right == 1u);
  BOOST_TEST(said(r, 0) == R"({"n": 1})");
  BOOST_TEST((compose_pack(p.members, pack_style::plain, 1).error().code == errc::not_packable));
}

BOOST_AUTO_TEST_CASE(answers_in_json_mode_must_be_objects) {
  composed p{{"a", "b"}, R"("response_format":{"type":"json_object"},)"};
  BOOST_TEST(p.body.at("response_format").at("type").as_string() == "json_object");
  auto list = p.right();
  list[0].answer = R"({"x":[1,2]})";
  const auto r = p.reply(test::to_json(list));
  BOOST_TEST(r.right == 1u);
  BOOST_TEST(said(r, 0) == R"({"x":[1,2]})");
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_packs) {
  for (auto text :
       {"", "Hi", "The JSON document below holds 2", "The JSON document below holds 2\nno JSON",
        "The JSON document below holds 2\n{\"entries\":[]}", "x\n{\"entries\":[{\"id\":\"1\"}]}"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(!read_pack_prompt(text).has_value());
}

BOOST_AUTO_TEST_CASE(shares_add_up_to_the_whole) {
  std::mt19937 rng{5};
  for (int round = 0; round < 2000; ++round) {
    std::vector<uint64_t> weights(1 + rng() % 12);
    for (auto& w : weights)
      w = rng() % 4 ? rng() % 1000 : 0;
    const uint64_t total = rng() % 5000;
    const auto shares = share_out(total, weights);
    BOOST_TEST(std::accumulate(shares.begin(), shares.end(), uint64_t{0}) == total);
    const auto sum = std::accumulate(weights.begin(), weights.end(), uint64_t{0});
    for (size_t i = 0; i < weights.size() && sum > 0; ++i) {
      BOOST_TEST((weights[i] > 0 || shares[i] == 0));
      // No share of a part exceeds the share of its total.
      if (total <= sum)
        BOOST_TEST(shares[i] <= weights[i]);
    }
  }
  BOOST_TEST(share_out(7, {}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
