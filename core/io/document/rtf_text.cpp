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

namespace {

using core::change_mode;

constexpr size_t groups_max = 500;
constexpr char cell_end = '\x1f'; ///< Between the cells of a row that is not whole yet.

/// What is no text: tables of fonts and styles, properties, data.
bool holds_no_words(std::string_view word) {
  static const std::set<std::string_view> words{"colortbl",   "stylesheet",
                                                "info",       "filetbl",
                                                "listtable",  "listoverridetable",
                                                "rsidtbl",    "revtbl",
                                                "nonshppict", "shprslt",
                                                "sn",         "sv",
                                                "sp",         "fldinst",
                                                "objdata",    "objclass",
                                                "ftnsep",     "ftnsepc",
                                                "ftncn",      "aftnsep",
                                                "aftnsepc",   "aftncn",
                                                "xe",         "tc",
                                                "private",    "atnid",
                                                "atnauthor",  "atntime",
                                                "atndate",    "atnref",
                                                "atnparent",  "atrfstart",
                                                "atrfend",    "template",
                                                "bkmkstart",  "bkmkend",
                                                "themedata",  "colorschememapping",
                                                "datastore",  "latentstyles",
                                                "generator",  "mmathPict",
                                                "pnseclvl",   "expandedcolortbl",
                                                "datafield",  "formfield",
                                                "ffname",     "userprops",
                                                "xmlnstbl",   "pgptbl",
                                                "background", "wgrffmtfilter"};
  return words.contains(word);
}

/// Groups marked as optional (`\*`) that hold words all the same.
bool is_wanted_option(std::string_view word) {
  static const std::set<std::string_view> words{"shpinst", "annotation", "listtext", "pntext",
                                                "shppict", "footnote",   "mmath",    "moMath"};
  return words.contains(word);
}

struct rtf_font {
  uint32_t page = 0;
  std::string name;
};

class rtf_reader {
public:
  rtf_reader(std::string_view bytes, const word_options& options)
      : bytes_{bytes}, options_{options} {}

  result<document_words> read() {
    sinks_.resize(1);
    while (at_ < bytes_.size()) {
      const char c = bytes_[at_];
      if (c == '{') {
        flush();
        if (groups_.size() >= groups_max)
          return unreadable("is nested deeper than " + std::to_string(groups_max) +
                            " groups; open it in a word processor and save it as DOCX");
        groups_.push_back(now_);
        now_.starts_sink = now_.optional = false;
        skip_ = 0;
        ++at_;
      } else if (c == '}') {
        flush();
        if (groups_.empty())
          break; // The end; what follows is no RTF.
        end_group();
        skip_ = 0;
        ++at_;
        if (groups_.empty())
          break;
      } else if (c == '\\') {
        control();
      } else {
        ++at_;
        if (c != '\r' && c != '\n' && c != '\0')
          byte(c);
      }
      if (sinks_[0].text.size() > options_.text_max)
        return too_many_words(options_.text_max);
    }
    if (!groups_.empty())
      return unreadable(
        "is a damaged RTF file: its end is missing; open it in a word processor and "
        "save it as DOCX");
    return finish();
  }

private:
  enum class kind : uint8_t { words, none, fonts, author };
  struct state {
    kind in = kind::words;
    size_t sink = 0;
    uint32_t uc = 1, font = 0;
    bool hidden = false, deleted = false, revised = false, script = false;
    bool starts_sink = false, optional = false;
    char script_mark = '\0'; ///< Stands before the next word.
  };
  struct sink {
    std::string text, what; ///< What: "header", "footer", "^1", "comment"; empty: the body.
    size_t row_begin = 0;
    bool in_row = false;
  };

  // --- reading ---

  void control() {
    if (++at_ >= bytes_.size())
      return;
    const char c = bytes_[at_];
    if (!std::isalpha(static_cast<unsigned char>(c))) {
      ++at_;
      if (c == '\'') {
        const auto code = hex(2);
        byte(static_cast<char>(code));
        return;
      }
      flush();
      if (skip_ > 0) {
        --skip_;
        return;
      }
      if (c == '\\' || c == '{' || c == '}')
        say(std::string(1, c));
      else if (c == '~')
        say(" ");
      else if (c == '_')
        say("-");
      else if (c == '*')
        now_.optional = true;
      else if (c == '\n' || c == '\r')
        word("par", 0, false);
      return;
    }
    const auto begin = at_;
    while (at_ < bytes_.size() && std::isalpha(static_cast<unsigned char>(bytes_[at_])))
      ++at_;
    const auto name = bytes_.substr(begin, at_ - begin);
    bool has_number = false, negative = false;
    int64_t number = 0;
    if (at_ < bytes_.size() && bytes_[at_] == '-')
      negative = true, ++at_;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++at_) {
      has_number = true;
      number = std::min<int64_t>(number * 10 + (bytes_[at_] - '0'), 1'000'000'000);
    }
    if (at_ < bytes_.size() && bytes_[at_] == ' ')
      ++at_;
    if (name == "bin") {
      at_ += std::min(static_cast<size_t>(number), bytes_.size() - at_);
      return;
    }
    if (skip_ > 0 && name != "u") {
      flush();
      --skip_;
      return;
    }
    word(name, negative ? -number : number, has_number);
  }

  uint32_t hex(int digits) {
    uint32_t code = 0;
    for (; digits > 0 && at_ < bytes_.size() &&
           std::isxdigit(static_cast<unsigned char>(bytes_[at_]));
         --digits, ++at_) {
      const char c = bytes_[at_];
      code = code * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
  }

  void byte(char c) {
    if (skip_ > 0)
      --skip_;
    else
      pending_ += c;
  }

  void flush() {
    if (pending_.empty())
      return;
    const auto bytes = std::exchange(pending_, {});
    if (now_.in == kind::fonts) {
      for (char c : bytes)
        if (c != ';')
          fonts_[now_.font].name += c;
      return;
    }
    const auto it = fonts_.find(now_.font);
    if (it != fonts_.end() && is_symbol_font(it->second.name)) {
      std::string out;
      for (char c : bytes) {
        const auto known = symbol_text(it->second.name, static_cast<uint8_t>(c));
        out += known.empty() ? "[symbol]" : known;
      }
      say(out);
      return;
    }
    const auto page = it != fonts_.end() && it->second.page != 0 ? it->second.page : page_;
    say(decoder_.decode(bytes, page, bad_bytes_));
  }

  // --- writing ---

  void say(std::string_view text) {
    if (now_.in == kind::author)
      author_ += text;
    if (now_.in != kind::words || text.empty())
      return;
    if (now_.hidden) {
      notes_.add("character of hidden text was left out", "characters of hidden text were left out",
                 visible_characters(text));
      return;
    }
    const auto mode = options_.rules.changes;
    if ((now_.deleted && mode == change_mode::accept) ||
        (now_.revised && mode == change_mode::reject)) {
      if (!in_left_out_)
        notes_.add("tracked change was left out", "tracked changes were left out");
      in_left_out_ = true;
      return;
    }
    in_left_out_ = false;
    auto& out = sinks_[now_.sink].text;
    if (now_.script_mark != '\0' && visible_characters(text) > 0)
      out += std::exchange(now_.script_mark, '\0');
    if (mode == change_mode::show && (now_.deleted || now_.revised))
      out.append(now_.deleted ? "[deleted: " : "[inserted: ").append(text).append("]");
    else
      out += text;
  }

  void line_break(std::string_view marks) {
    if (now_.in != kind::words)
      return;
    auto& s = sinks_[now_.sink];
    s.text += s.in_row ? std::string_view{" "} : marks;
  }

  static std::string on_a_line(std::string_view text) {
    std::string out;
    for (char c : text)
      if (c != '\n' && c != '\t' && c != ' ')
        out += c;
      else if (!out.empty() && out.back() != ' ')
        out += ' ';
    while (out.ends_with(' '))
      out.pop_back();
    return out;
  }

  void end_row() {
    auto& s = sinks_[now_.sink];
    if (!s.in_row)
      return;
    const auto cells = s.text.substr(s.row_begin);
    s.text.resize(s.row_begin);
    s.text += '|';
    for (size_t at = 0; at < cells.size();) {
      const auto end = std::min(cells.find(cell_end, at), cells.size());
      if (end < cells.size() || !core::trim(cells.substr(at)).empty())
        s.text += " " + on_a_line(cells.substr(at, end - at)) + " |";
      at = end + 1;
    }
    s.text += '\n';
    s.in_row = false;
  }

  void begin_row() {
    auto& s = sinks_[now_.sink];
    if (s.in_row)
      return;
    s.in_row = true;
    s.row_begin = s.text.size();
  }

  // --- words of control ---

  void begin_sink(std::string what) {
    sinks_.push_back({{}, std::move(what), 0, false});
    now_.sink = sinks_.size() - 1;
    now_.in = kind::words;
    now_.starts_sink = true;
    now_.script_mark = '\0';
    now_.hidden = false;
  }

  void end_group() {
    const auto ended = now_;
    now_ = groups_.back();
    groups_.pop_back();
    if (!ended.starts_sink || sinks_[ended.sink].what != "comment")
      return;
    const auto text = on_a_line(sinks_[ended.sink].text);
    if (options_.rules.comments == core::comment_mode::omit)
      notes_.add("comment was left out", "comments were left out");
    else
      say("[comment by " + core::clean_text(author_, 100) + ": " + text + "]");
    author_.clear();
  }

  /// Whether the word begins a group of its own kind.
  bool destination(std::string_view name) {
    const bool optional = std::exchange(now_.optional, false);
    if (now_.in == kind::none)
      return true;
    if (name == "fonttbl") {
      now_.in = kind::fonts;
    } else if (name == "atnauthor") {
      author_.clear();
      now_.in = kind::author;
    } else if (name == "pict") {
      notes_.add("picture was left out", "pictures were left out");
      now_.in = kind::none;
    } else if (name == "mmath" || name == "moMath") {
      notes_.add("equation was left out; save the document as DOCX",
                 "equations were left out; save the document as DOCX");
      now_.in = kind::none;
    } else if (name.starts_with("header") && name.size() <= 7 && now_.in == kind::words) {
      if (name != "headery")
        begin_sink("header");
    } else if (name.starts_with("footer") && name.size() <= 7 && now_.in == kind::words) {
      if (name != "footery")
        begin_sink("footer");
    } else if (name == "footnote") {
      ++footnotes_;
      say("[^" + std::to_string(footnotes_) + "]");
      begin_sink("^" + std::to_string(footnotes_));
    } else if (name == "annotation") {
      begin_sink("comment");
    } else if (holds_no_words(name) || (optional && !is_wanted_option(name))) {
      now_.in = kind::none;
    } else {
      return false;
    }
    return true;
  }

  void word(std::string_view name, int64_t number, bool has_number) {
    if (name == "u") {
      unicode(number);
      return;
    }
    flush();
    high_ = 0;
    if (destination(name))
      return;
    const bool on = !has_number || number != 0;
    if (name == "par" || name == "sect")
      line_break("\n\n");
    else if (name == "line" || name == "page" || name == "column")
      line_break("\n");
    else if (name == "tab")
      say("\t");
    else if (name == "cell" || name == "nestcell")
      name == "cell"                       ? begin_row(),
        sinks_[now_.sink].text += cell_end : sinks_[now_.sink].text += ' ';
    else if (name == "row")
      end_row();
    else if (name == "trowd" || name == "intbl")
      begin_row();
    else if (name == "pard") // After a row that nothing has begun yet.
      leave_table();
    else if (name == "v")
      now_.hidden = on;
    else if (name == "deleted")
      now_.deleted = on;
    else if (name == "revised")
      now_.revised = on;
    else if (name == "plain")
      now_.hidden = now_.deleted = now_.revised = false;
    else if (name == "super" || name == "up" || name == "sub" || name == "dn")
      now_.script_mark = !on ? '\0' : name == "super" || name == "up" ? '^' : '_';
    else if (name == "nosupersub")
      now_.script_mark = '\0';
    else if (name == "uc")
      now_.uc = static_cast<uint32_t>(std::clamp<int64_t>(number, 0, 100));
    else if (name == "ansicpg")
      page_ = number > 0 ? static_cast<uint32_t>(number) : 1252;
    else if (name == "mac")
      page_ = 10000;
    else if (name == "pc" || name == "pca")
      page_ = name == "pc" ? 437 : 850;
    else if (name == "f")
      now_.font = static_cast<uint32_t>(std::max<int64_t>(number, 0));
    else if (name == "fcharset" && now_.in == kind::fonts)
      fonts_[now_.font].page = page_of_charset(static_cast<int>(number));
    else
      character(name);
  }

  void leave_table() {
    auto& s = sinks_[now_.sink];
    if (s.in_row && s.text.find_first_not_of(" \n\t", s.row_begin) == std::string::npos)
      s.in_row = false;
  }

  void character(std::string_view name) {
    static const std::map<std::string_view, const char*> characters{
      {"emdash", "\u2014"},    {"endash", "\u2013"},    {"lquote", "\u2018"}, {"rquote", "\u2019"},
      {"ldblquote", "\u201c"}, {"rdblquote", "\u201d"}, {"bullet", "\u2022"}, {"emspace", " "},
      {"enspace", " "},        {"qmspace", " "}};
    if (const auto it = characters.find(name); it != characters.end())
      say(it->second);
  }

  void unicode(int64_t number) {
    flush();
    auto code = static_cast<uint32_t>(number < 0 ? number + 65536 : number);
    skip_ = now_.uc;
    if (code >= 0xd800 && code < 0xdc00) {
      high_ = code;
      return;
    }
    if (code >= 0xdc00 && code < 0xe000 && high_ != 0)
      code = 0x10000 + ((high_ - 0xd800) << 10) + (code - 0xdc00);
    high_ = 0;
    const auto it = fonts_.find(now_.font);
    if (code >= 0xf000 && code <= 0xf0ff && it != fonts_.end()) {
      const auto known = symbol_text(it->second.name, code);
      say(known.empty() ? "[symbol]" : known);
      return;
    }
    say(utf8_of(code));
  }

  document_words finish() {
    for (auto& s : sinks_)
      std::ranges::replace(s.text, cell_end, ' ');
    document_words out;
    const auto add = [&](std::string_view before, std::string_view text, std::string_view gap) {
      if (!core::trim(text).empty())
        out.text.append(out.text.empty() ? "" : gap).append(before).append(core::trim(text));
    };
    std::set<std::string> seen;
    const auto margins = [&](std::string_view what) {
      for (auto& s : sinks_)
        if (s.what == what && seen.insert(s.text).second)
          add("[" + std::string{what} + "] ", s.text, "\n\n");
    };
    margins("header");
    add("", sinks_[0].text, "\n\n");
    bool first = true;
    for (auto& s : sinks_)
      if (s.what.starts_with('^')) {
        add("[" + s.what + "]: ", s.text, first ? "\n\n" : "\n");
        first = false;
      }
    margins("footer");
    notes_.add("byte was no character of its code page",
               "bytes were no characters of their code page", bad_bytes_);
    out.notes = notes_.sentences();
    return out;
  }

  std::string_view bytes_;
  const word_options& options_;
  size_t at_ = 0;
  state now_;
  std::vector<state> groups_;
  std::vector<sink> sinks_;
  std::map<uint32_t, rtf_font> fonts_;
  code_page_decoder decoder_;
  document_notes notes_;
  std::string pending_; ///< Bytes of the code page at hand that were not decoded yet.
  std::string author_;  ///< Of the next comment.
  uint32_t page_ = 1252, skip_ = 0, high_ = 0;
  uint64_t footnotes_ = 0, bad_bytes_ = 0;
  bool in_left_out_ = false;
};

} // namespace

result<document_words> rtf_text(std::string_view bytes, const word_options& options) {
  return rtf_reader{bytes, options}.read();
}

} // namespace penstock::io
