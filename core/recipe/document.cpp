#include "core/recipe/document.hpp"

#include <utility>

namespace penstock::core {

namespace {

template <class T>
using mode_words = std::pair<std::string_view, T>;

constexpr mode_words<comment_mode> comment_words[]{{"omit", comment_mode::omit},
                                                   {"show", comment_mode::show}};
constexpr mode_words<change_mode> change_words[]{
  {"accept", change_mode::accept}, {"reject", change_mode::reject}, {"show", change_mode::show}};
constexpr mode_words<scanned_mode> scanned_words[]{{"fail", scanned_mode::fail},
                                                   {"send", scanned_mode::send}};

template <class T, size_t N>
std::string_view word_of(const mode_words<T> (&words)[N], T mode) noexcept {
  for (auto& [word, value] : words)
    if (value == mode)
      return word;
  return "unknown";
}

template <class T, size_t N>
std::optional<T> mode_of(const mode_words<T> (&words)[N], std::string_view text) noexcept {
  for (auto& [word, value] : words)
    if (word == text)
      return value;
  return std::nullopt;
}

} // namespace

std::string_view to_string(comment_mode m) noexcept { return word_of(comment_words, m); }
std::string_view to_string(change_mode m) noexcept { return word_of(change_words, m); }
std::string_view to_string(scanned_mode m) noexcept { return word_of(scanned_words, m); }

std::optional<comment_mode> comment_mode_from(std::string_view text) noexcept {
  return mode_of(comment_words, text);
}

std::optional<change_mode> change_mode_from(std::string_view text) noexcept {
  return mode_of(change_words, text);
}

std::optional<scanned_mode> scanned_mode_from(std::string_view text) noexcept {
  return mode_of(scanned_words, text);
}

} // namespace penstock::core
