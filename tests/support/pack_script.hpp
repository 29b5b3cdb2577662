#pragma once

#include "core/json/json_scan.hpp"
#include "core/pack/pack.hpp"

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace penstock::test {

/// One object of the list in the reply of a model.
struct said_answer {
  std::string id, check;
  std::string answer; ///< JSON.
  bool spoilt = false;
};

inline std::string json_text(std::string_view text) {
  std::string out;
  core::append_json_string(out, text);
  return out;
}

inline std::string to_json(const said_answer& a) {
  return R"({"id":)" + json_text(a.id) + R"(,"check":)" + json_text(a.check) + R"(,"answer":)" +
         a.answer + '}';
}

inline std::string to_json(const std::vector<said_answer>& list) {
  std::string out = R"({"answers":[)";
  for (size_t i = 0; i < list.size(); ++i)
    out += (i ? "," : "") + to_json(list[i]);
  return out + "]}";
}

/// The answer of a test provider to a text.
using answer_of_text = std::function<std::string(const std::string&)>;

/// The right list for a pack.
inline std::vector<said_answer> right_answers(const std::vector<core::prompt_entry>& entries,
                                              const answer_of_text& answer) {
  std::vector<said_answer> list;
  for (auto& e : entries)
    list.push_back({e.id, e.check, json_text(answer(e.text))});
  return list;
}

/// The user's text in the body of a chat completion.
inline std::string user_text(const std::string& body) {
  const auto value = boost::json::parse(body);
  const auto& text = value.at("messages").as_array().back().at("content").as_string();
  return {text.data(), text.size()};
}

/// A chat completion with `content`.
inline std::string chat_body(std::string_view content, std::string_view finish = "stop",
                             uint64_t input = 1000, uint64_t output = 500) {
  return R"({"id":"c-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,)"
         R"("message":{"role":"assistant","content":)" +
         json_text(content) + R"(},"finish_reason":")" + std::string{finish} +
         R"("}],"usage":{"prompt_tokens":)" + std::to_string(input) + R"(,"completion_tokens":)" +
         std::to_string(output) + "}}";
}

/// The content of a chat completion.
inline std::string content_of(const std::string& body) {
  const auto value = boost::json::parse(body);
  const auto& text = value.at("choices").at(0).at("message").at("content").as_string();
  return {text.data(), text.size()};
}

/// Faults that a model can make in a list.
enum class garble : uint8_t {
  none,
  swap_ids,
  swap_checks,
  drop,
  add,
  repeat,
  repeat_other,
  wrong_type,
  empty,
  double_key,
  wrong_check,
  rename,
  shuffle,
  count,
};

/// Makes faults in `list`, at most one per object: two faults could give the id and check of one
/// entry with the answer of another, which no check can detect.
inline void spoil(std::vector<said_answer>& list, garble how, std::mt19937& rng) {
  std::vector<size_t> whole;
  for (size_t i = 0; i < list.size(); ++i)
    if (!list[i].spoilt)
      whole.push_back(i);
  if (whole.empty() || how == garble::none)
    return;
  if (how == garble::shuffle) {
    std::shuffle(list.begin(), list.end(), rng);
    return;
  }
  auto& a = list[whole[rng() % whole.size()]];
  auto& b = list[whole[rng() % whole.size()]];
  a.spoilt = true;
  switch (how) {
  case garble::swap_ids:
    b.spoilt = true;
    std::swap(a.id, b.id);
    break;
  case garble::swap_checks:
    b.spoilt = true;
    std::swap(a.check, b.check);
    break;
  case garble::drop: list.erase(list.begin() + (&a - list.data())); break;
  case garble::add:
    list.push_back({"99-zzzzzz", "zzzzzz99", R"("an answer to nothing")", true});
    break;
  case garble::repeat: list.push_back(said_answer{a}); break;
  case garble::repeat_other: list.push_back({a.id, a.check, b.answer, true}); break;
  case garble::wrong_type:
    a.answer = std::vector<std::string>{"42", "null", "[]", "{}"}[rng() % 4];
    break;
  case garble::empty: a.answer = rng() % 2 ? R"("")" : R"(" \n")"; break;
  case garble::double_key: a.answer = R"("first","answer":"second")"; break;
  case garble::wrong_check: a.check = a.id; break;
  case garble::rename: a.id = a.id.substr(0, a.id.find('-')); break;
  default: break;
  }
}

} // namespace penstock::test
