#pragma once

#include "core/io/document/rtf_text.hpp"
#include "core/io/document/code_page.hpp"
#include "core/io/document/docx_symbols.hpp"
#include "core/base/text.hpp"
#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <vector>

namespace penstock::io {

/// Between the cells of a row that is not complete yet.
inline constexpr char rtf_cell_end = '\x1f';

/// A font in the table of fonts.
struct rtf_font {
  uint32_t page = 0;
  std::string name;
};

/// Reads the text of one RTF document.
class rtf_reader {
public:
  rtf_reader(std::string_view bytes, const word_options& options)
      : bytes_{bytes}, options_{options} {}

  result<document_words> read();

private:
  enum class kind : uint8_t { words, none, fonts, author };
  struct state {
    kind in = kind::words;
    size_t sink = 0;
    uint32_t uc = 1, font = 0;
    bool hidden = false, deleted = false, revised = false, script = false;
    bool starts_sink = false, optional = false;
    char script_mark = '\0'; ///< Written before the next word.
  };
  struct sink {
    std::string text, what; ///< `what`: "header", "footer", "^1", "comment"; empty: the body.
    size_t row_begin = 0;
    bool in_row = false;
  };

  // --- reading ---

  void control();
  uint32_t hex(int digits);
  void byte(char c);
  void flush();

  // --- writing ---

  void say(std::string_view text);
  void line_break(std::string_view marks);
  void end_row();
  void begin_row();

  void begin_sink(std::string what);
  void end_group();
  /// Whether the word begins a special group.
  bool destination(std::string_view name);
  void word(std::string_view name, int64_t number, bool has_number);
  void leave_table();
  void character(std::string_view name);
  void unicode(int64_t number);
  document_words finish();

  std::string_view bytes_;
  const word_options& options_;
  size_t at_ = 0;
  state now_;
  std::vector<state> groups_;
  std::vector<sink> sinks_;
  std::map<uint32_t, rtf_font> fonts_;
  code_page_decoder decoder_;
  document_notes notes_;
  std::string pending_; ///< Bytes of the current code page, not decoded yet.
  std::string author_;  ///< Author of the next comment.
  uint32_t page_ = 1252, skip_ = 0, high_ = 0;
  uint64_t footnotes_ = 0, bad_bytes_ = 0;
  bool in_left_out_ = false;
};

} // namespace penstock::io
