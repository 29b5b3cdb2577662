#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_pack.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>

namespace penstock::mock {

namespace json = boost::json;

namespace {

/// The schema of the answers inside the schema of the reply; null: none.
const json::value* schema_of_answers(const json::value& reply) {
  const json::value* at = &reply;
  for (std::string_view step : {"properties", "answers", "items", "properties", "answer"}) {
    const auto* o = at->if_object();
    at = o ? o->if_contains({step.data(), step.size()}) : nullptr;
    if (!at)
      return nullptr;
  }
  return at;
}

/// Whether a schema only asks for a text: then the entries have no schema of their own.
bool is_plain_text(const json::value& schema) {
  const auto* o = schema.if_object();
  const auto type = o ? core::text_at(*o, "type") : std::string_view{};
  return o && o->size() == 1 && (type == "string" || type == "STRING");
}

} // namespace

std::vector<packed_answer> answer_pack(const mock_call& call, const output_model& length,
                                       const token_error& error, uint64_t seed) {
  mock_call alone;
  alone.model = call.model;
  alone.json = call.json;
  if (call.schema) {
    const auto* own = schema_of_answers(*call.schema);
    alone.json = own && !is_plain_text(*own);
    if (alone.json)
      alone.schema = std::make_shared<const json::value>(*own);
  }
  std::vector<packed_answer> out;
  out.reserve(call.pack.size());
  for (const auto& entry : call.pack) {
    alone.text = entry.text;
    alone.hash = entry.hash;
    auto text = make_answer(alone, length, error, seed).text;
    out.push_back({entry.id, entry.check, alone.json ? std::move(text) : quoted(text)});
  }
  return out;
}

std::string write_pack(const std::vector<packed_answer>& answers) {
  std::string out = R"({"answers":[)";
  for (const auto& a : answers) {
    out.append(R"({"id":)").append(quoted(a.id)).append(R"(,"check":)").append(quoted(a.check));
    out.append(R"(,"answer":)").append(a.answer).append("},");
  }
  if (!answers.empty())
    out.pop_back();
  return out + "]}";
}

std::string garble_pack(std::vector<packed_answer> answers, std::string_view name,
                        std::string_view argument, mock_random& r) {
  const size_t n = answers.size();
  const auto at = [&](size_t i) { return answers.begin() + static_cast<std::ptrdiff_t>(i); };
  if (n == 0)
    return write_pack(answers);
  const size_t one = r.next() % n;
  const size_t other = n > 1 ? (one + 1 + r.next() % (n - 1)) % n : one;
  if (name == "pack_missing") {
    const auto count = std::clamp(number_or(argument, 1), 1.0, static_cast<double>(n));
    for (auto left = static_cast<size_t>(count); left > 0; --left)
      answers.erase(at(r.next() % answers.size()));
  } else if (name == "pack_repeat") {
    auto again = answers[one];
    again.answer = answers[other].answer; // Both answers have the same id, so neither is right.
    answers.push_back(std::move(again));
  } else if (name == "pack_extra") {
    auto extra = answers[one];
    extra.id = std::to_string(n + 1) + "-extra";
    extra.check = "extra" + std::to_string(n + 1);
    answers.insert(at(other), std::move(extra));
  } else if (name == "pack_swap") {
    std::swap(answers[one].id, answers[other].id);
  } else if (name == "pack_order") {
    std::reverse(answers.begin(), answers.end());
  } else if (name == "pack_malformed") {
    if (argument == "type")
      answers[one].answer = "7";
    else if (argument == "empty")
      answers[one].answer = R"("")";
    auto text = write_pack(answers);
    if (argument == "fence")
      return "```json\n" + text + "\n```";
    if (argument == "prose")
      return "Here are the answers: " + text + " I hope they help.";
    if (argument.empty() || argument == "torn")
      text.resize(first_codepoints(text, text.size() / 2).size());
    return text;
  }
  return write_pack(answers);
}

} // namespace penstock::mock
