#pragma once

#include "core/recipe/document.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// How a reader of one format takes the words out of a file.
struct word_options {
  core::document_rules rules;
  uint64_t text_max = 4u << 20; ///< Bytes of words.
};

/// The words of a document, and what is missing in them.
struct document_words {
  std::string text;               ///< UTF-8.
  std::vector<std::string> notes; ///< One sentence each, to stand behind the name of the file.
};

/// Counts what is left out of one document, by kind, in the order of the first of each.
class document_notes {
public:
  /// @param one "picture was left out" @param many "pictures were left out"
  void add(std::string_view one, std::string_view many, uint64_t count = 1);
  /// Whether nothing was counted.
  bool empty() const noexcept { return kinds_.empty(); }
  /// "2 pictures were left out", ...
  std::vector<std::string> sentences() const;

private:
  struct kind {
    std::string one, many;
    uint64_t count;
  };
  std::vector<kind> kinds_;
};

/// The error of a reader; its text stands behind the name of the file.
error unreadable(std::string what);
/// The error of a document with more words than `text_max`.
error too_many_words(uint64_t text_max);
/// Code points of a UTF-8 text that are not white space.
uint64_t visible_characters(std::string_view text) noexcept;
/// A character as UTF-8; U+FFFD for what is no character.
std::string utf8_of(uint32_t code_point);

/// `text` on one line, for a cell: white space becomes one blank.
std::string on_one_line(std::string_view text);

} // namespace penstock::io
