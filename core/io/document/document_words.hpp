#pragma once

#include "core/recipe/document.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// Options of a reader of one format.
struct word_options {
  core::document_rules rules;
  uint64_t text_max = 4u << 20; ///< Largest size of the text in bytes.
};

/// The text of a document, and notes about missing parts.
struct document_words {
  std::string text;               ///< UTF-8.
  std::vector<std::string> notes; ///< One sentence each; it follows the name of the file.
};

/// Counts the parts of one document that are left out, by kind, in the order of their first one.
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

/// The error of a reader; its text follows the name of the file.
error unreadable(std::string what);
/// The error of a document with more text than `text_max`.
error too_many_words(uint64_t text_max);
/// Number of code points of a UTF-8 text that are not white space.
uint64_t visible_characters(std::string_view text) noexcept;
/// A code point as UTF-8; U+FFFD if it is not a character.
std::string utf8_of(uint32_t code_point);

/// `text` on one line, for a cell: white space becomes one blank.
std::string on_one_line(std::string_view text);

} // namespace penstock::io
