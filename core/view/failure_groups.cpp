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
    groups_.push_back({std::move(cause), 1, clean_text(id, words_max), clean});
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
      {"example", boost::json::object{{"custom_id", g.example_id}, {"message", g.example}}}});
  if (others_ > 0)
    out.push_back(
      boost::json::object{{"cause", "other causes"}, {"count", others_}, {"example", nullptr}});
  return out;
}

} // namespace penstock::core
