#pragma once

#include "core/io/document/document_words.hpp"
#include "core/io/document/xml_tree.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace penstock::io {

/// Walks an ODT file and writes its text.
class odt_words {
public:
  /// @param formula Returns the text of an embedded formula by its reference; empty: not a formula.
  odt_words(const word_options& options, document_notes& notes,
            std::function<std::string(const std::string&)> formula)
      : options_{options}, notes_{notes}, formula_{std::move(formula)} {}

  /// Reads the styles and lists of a part, before its text is read.
  void learn(const pugi::xml_node& root);
  /// The text of an element that contains paragraphs.
  std::string blocks(const pugi::xml_node& node);

  std::vector<std::string> footnotes, endnotes; ///< Their text in the order of their marks.
  /// Whether the text was longer than allowed, and cut.
  bool is_too_long() const noexcept { return too_long_; }

private:
  struct style {
    std::string parent;
    bool hidden = false;
    char script = '\0'; ///< '^' or '_'.
  };
  struct list_level {
    std::string format, before, after;
    int64_t start = 1;
    int shown = 1;
    bool bullet = true;
  };
  using list_style = std::map<int, list_level>;

  void block(const pugi::xml_node& node, std::string& out);
  void blocks_of(const pugi::xml_node& node, std::string& out);
  void paragraph(const pugi::xml_node& node, std::string& out);
  void list(const pugi::xml_node& node, std::string& out);
  std::string label();
  void table(const pugi::xml_node& node, std::string& out);
  void rows(const pugi::xml_node& node, std::string& out);
  void words(const pugi::xml_node& node, std::string& out);
  void words_of(const pugi::xml_node& node, std::string& out);
  void say(std::string_view text, std::string& out);
  void note(const pugi::xml_node& node, std::string& out);
  void comment(const pugi::xml_node& node, std::string& out);
  void frame(const pugi::xml_node& node, std::string& out);
  void change_mark(const pugi::xml_node& node, std::string_view name, std::string& out);
  style resolve(std::string_view name) const;
  void hide(const pugi::xml_node& node);

  const word_options& options_;
  document_notes& notes_;
  std::function<std::string(const std::string&)> formula_;
  std::map<std::string, style, std::less<>> styles_;
  std::map<std::string, list_style, std::less<>> lists_;
  std::map<std::string, pugi::xml_node> deletions_; ///< Deleted text by change.
  std::set<std::string> insertions_;
  std::vector<pugi::xml_node> boxes_;
  // Where the walk is:
  std::vector<int64_t> counts_; ///< Numbers by level of the current list.
  std::string list_name_;
  std::string label_; ///< Label of the next paragraph.
  int dropped_ = 0;   ///< Open insertions that are left out.
  bool too_long_ = false;
};

bool odt_without_words(std::string_view name);
int64_t odt_number(const pugi::xml_node& node, std::string_view name, int64_t otherwise);

} // namespace penstock::io
