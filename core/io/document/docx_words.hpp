#pragma once

#include "core/io/document/document_words.hpp"
#include "core/io/document/docx_parts.hpp"

#include <map>
#include <string>
#include <vector>

namespace penstock::io {

/// Walks the parts of a DOCX file and writes their text.
///
/// One writer walks all parts of a document, so that numbers of lists and notes continue from part
/// to part. A text box follows its paragraph, and is written once. References to notes become
/// `[^1]` and
/// `[^e1]`, and are collected for the caller.
class docx_words {
public:
  /// Data of one document from other parts than the main part.
  struct context {
    docx_styles styles;
    docx_numbers numbers;
    std::map<std::string, std::string> comments; ///< "Ann: why?" by id.
  };
  docx_words(context about, const word_options& options, document_notes& notes)
      : about_{std::move(about)}, options_{options}, notes_{notes} {}

  /// The text of a part, or of one of its elements (a footnote).
  std::string blocks(const pugi::xml_node& node);

  std::vector<std::string> footnotes, endnotes; ///< Ids in the order of their references.
  std::vector<std::string> headers, footers;    ///< Relations that sections refer to.
  /// Whether the text was longer than allowed, and cut.
  bool is_too_long() const noexcept { return too_long_; }

private:
  void block(const pugi::xml_node& node, std::string& out);
  void blocks_of(const pugi::xml_node& node, std::string& out);
  void paragraph(const pugi::xml_node& node, std::string& out);
  std::string label(const pugi::xml_node& properties, const docx_style& style);
  void table(const pugi::xml_node& node, std::string& out);
  std::string cell(const pugi::xml_node& node);
  void section(const pugi::xml_node& node);

  void words(const pugi::xml_node& node, std::string& out);
  void words_of(const pugi::xml_node& node, std::string& out);
  void run(const pugi::xml_node& node, std::string& out);
  bool is_hidden(const pugi::xml_node& properties) const;
  void change(const pugi::xml_node& node, std::string& out, bool insertion, bool in_line);
  void field_mark(const pugi::xml_node& node, std::string& out);
  void field_code(const pugi::xml_node& node, std::string& out);
  void symbol(const pugi::xml_node& node, std::string& out);
  void reference(const pugi::xml_node& node, std::string& out, std::vector<std::string>& seen,
                 std::string_view mark);
  void comment(const pugi::xml_node& node, std::string& out);
  void object(const pugi::xml_node& node, std::string& out);
  bool is_in_code() const noexcept;

  context about_;
  const word_options& options_;
  document_notes& notes_;
  std::vector<pugi::xml_node> boxes_; ///< Text boxes of the current paragraph.
  std::vector<bool> fields_;          ///< Open fields; true: its result has not begun yet.
  std::string font_;                  ///< Font of the current run.
  bool style_hidden_ = false;         ///< The style of the current paragraph hides its text.
  bool too_long_ = false;
};

/// Properties, and elements that hold no words of their own.
bool has_no_words(std::string_view name);
/// Of the two forms of a drawing the one that newer programs show.
pugi::xml_node shown_form(const pugi::xml_node& node);
std::string box_text(bool checked);

} // namespace penstock::io
