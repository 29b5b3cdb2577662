#include "core/view/failure_groups.hpp"

#include "core/base/text.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace penstock::core {

namespace {

/// Bytes of the words of one failure.
constexpr size_t words_max = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/// Adds one word of letters, digits, '-' and '_'.
void add_word(std::string& out, std::string_view word) {
  constexpr size_t id_min = 8;
  const auto digits = std::ranges::count_if(word, is_digit);
  if (digits >= 2 && word.size() >= id_min && std::ranges::any_of(word, is_letter)) {
    out += "ID";
    return;
  }
  for (size_t i = 0; i < word.size(); ++i)
    if (!is_digit(word[i]))
      out += word[i];
    else if (i == 0 || !is_digit(word[i - 1]))
      out += 'N';
}

} // namespace

std::string normalized_cause(std::string_view words) {
  std::string out;
  for (size_t at = 0; at < words.size();) {
    auto end = at;
    while (end < words.size() && (is_digit(words[end]) || is_letter(words[end]) ||
                                  words[end] == '-' || words[end] == '_'))
      ++end;
    if (end == at)
      out += words[at++];
    else
      add_word(out, words.substr(at, end - at));
    at = std::max(at, end);
  }
  return out;
}

std::string_view remedy_of(std::string_view code, int status, std::string_view words) {
  struct row {
    std::string_view code, remedy;
  };
  static constexpr row rows[] = {
    {"invalid_input", "mend these lines of the input and run the same command again"},
    {"request_too_large", "shorten these requests, or raise the limit of tokens of their lane"},
    {"response_too_large", "raise --body-max, or ask for less"},
    {"schema_mismatch", "simplify the schema, allow more corrections, or use a stronger model"},
    {"timeout", "raise --timeout, then send them again"},
    {"expired", "raise --deadline, then send them again"},
    {"server_error", "send them again later: the provider had a fault"},
    {"overloaded", "send them again later, or lower --in-flight-max"},
    {"rate_limited", "lower the limits of the lane, then send them again"},
    {"connection_failed", "check the network and the base URL, then send them again"},
    {"bad_response", "check that the base URL leads to the provider's API"},
    {"unauthorized", "check the API key and what it may do"},
    {"billing", "settle the provider's bill or raise its spending limit"},
    {"poison", "these requests stopped their worker each time; send them alone to find out why"},
  };
  if (words.find("max_tokens") != words.npos || words.find("max_completion_tokens") != words.npos)
    return "look at the output maximum of these requests (max_tokens)";
  if (code == "bad_request" && status == 404)
    return "check the model's name and the path of the base URL";
  if (code == "bad_request" && (status == 401 || status == 403))
    return "look at the texts of these requests: the key works for others";
  if (code == "bad_request")
    return "change these requests: the provider refuses them as they are";
  const auto found = std::ranges::find(rows, code, &row::code);
  return found != std::end(rows) ? found->remedy : std::string_view{};
}

void failure_groups::add(std::string_view id, std::string_view code, int status,
                         std::string_view words) {
  const auto clean = clean_text(words, words_max);
  auto cause = std::string{code.empty() ? "failed" : code};
  if (status > 0 && status != 200)
    cause += ' ' + std::to_string(status);
  if (!clean.empty())
    cause += ": " + normalized_cause(clean);
  const auto found = std::ranges::find(groups_, cause, &failure_group::cause);
  if (found != groups_.end())
    ++found->count;
  else if (groups_.size() < causes_max)
    groups_.push_back({std::move(cause), 1, clean_text(id, words_max), clean,
                       std::string{remedy_of(code, status, clean)}});
  else
    ++others_;
}

std::vector<failure_group> failure_groups::sorted() const {
  auto out = groups_;
  std::ranges::stable_sort(out, std::ranges::greater{}, &failure_group::count);
  return out;
}

std::string failure_groups::text(size_t shown) const {
  std::string out;
  uint64_t rest = others_;
  for (auto& g : sorted()) {
    if (shown == 0) {
      rest += g.count;
      continue;
    }
    --shown;
    out += fmt::format("  failures     {} x {}\n", count_text(g.count),
                       g.cause.substr(0, g.cause.find(": ")));
    out += fmt::format("               for example {}: {}\n", g.example_id,
                       g.example.empty() ? "no words were given" : g.example);
    if (!g.remedy.empty())
      out += fmt::format("               remedy: {}\n", g.remedy);
  }
  if (rest > 0)
    out += fmt::format("  failures     {} of other causes\n", count_text(rest));
  return out;
}

boost::json::array failure_groups::json() const {
  boost::json::array out;
  for (auto& g : sorted())
    out.push_back(boost::json::object{
      {"cause", g.cause},
      {"count", g.count},
      {"example", boost::json::object{{"custom_id", g.example_id}, {"message", g.example}}},
      {"remedy", g.remedy.empty() ? boost::json::value(nullptr) : boost::json::value(g.remedy)}});
  if (others_ > 0)
    out.push_back(
      boost::json::object{{"cause", "other causes"}, {"count", others_}, {"example", nullptr}});
  return out;
}

} // namespace penstock::core
