#include "core/job/first_refusals.hpp"

#include <algorithm>
#include <utility>

namespace penstock::core {

first_refusals::advice first_refusals::refused(uint64_t index, std::string_view kind) {
  if (!decided_ && !withheld_.empty() && kind != kind_) {
    decided_ = true;
    released_.merge(withheld_);
  }
  if (decided_)
    return advice::is_final;
  kind_ = kind;
  withheld_.insert(index);
  return withheld_.size() >= enough ? advice::stop_job : advice::withhold;
}

first_refusals::advice first_refusals::key_refused(uint64_t index, uint64_t turn,
                                                   bool unknown_key) {
  of_key_.insert_or_assign(index, turn);
  unknown_key_ = unknown_key_ || unknown_key;
  const auto bound = answered_ ? enough_of_working_key : enough_of_key;
  return of_key_.size() >= bound ? advice::stop_job : advice::withhold;
}

void first_refusals::answered(uint64_t turn) {
  answered_ = decided_ = true;
  released_.merge(withheld_);
  // A request that was in flight before the refusal says nothing about a key that was revoked
  // since.
  std::erase_if(of_key_, [&](auto& refused) {
    const auto later = refused.second < turn;
    if (later)
      released_.insert(refused.first);
    return later;
  });
  unknown_key_ = unknown_key_ && !of_key_.empty();
}

std::set<uint64_t> first_refusals::release() { return std::exchange(released_, {}); }

bool first_refusals::settle() {
  if (!answered_ || unknown_key_)
    return false;
  for (auto& [index, turn] : std::exchange(of_key_, {}))
    released_.insert(index);
  return true;
}

std::string kind_of_refusal(const outcome& o) {
  std::string kind = std::to_string(o.status_code);
  const std::string_view text = o.failure ? std::string_view{o.failure->context} : "";
  for (size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    kind += ' ';
    kind += std::ranges::any_of(word, [](char c) { return c >= '0' && c <= '9'; })
              ? std::string_view{"#"}
              : word;
    at = end + 1;
  }
  return kind;
}

bool is_about_content(const outcome& o) {
  // Codes of OpenAI and Azure, and the words of other providers for the same.
  static constexpr std::string_view words[]{
    "content_filter", "content_policy", "content management policy", "context_length_exceeded",
    "context length", "invalid_prompt", "string_above_max_length",   "too long",
    "safety",         "moderation",
  };
  const auto holds = [](std::string_view text) {
    return std::ranges::any_of(words, [&](auto word) { return text.find(word) != text.npos; });
  };
  return (o.failure && holds(o.failure->context)) || (o.body && holds(*o.body));
}

} // namespace penstock::core
