#include "core/io/document/rtf_reader.hpp"

namespace penstock::io {

using core::change_mode;

namespace {

/// Groups without text: tables of fonts and styles, properties, data.
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

/// Groups marked as optional (`\*`) that contain text.
bool is_wanted_option(std::string_view word) {
  static const std::set<std::string_view> words{"shpinst", "annotation", "listtext", "pntext",
                                                "shppict", "footnote",   "mmath",    "moMath"};
  return words.contains(word);
}

} // namespace

void rtf_reader::begin_sink(std::string what) {
  sinks_.push_back({{}, std::move(what), 0, false});
  now_.sink = sinks_.size() - 1;
  now_.in = kind::words;
  now_.starts_sink = true;
  now_.script_mark = '\0';
  now_.hidden = false;
}

void rtf_reader::end_group() {
  const auto ended = now_;
  now_ = groups_.back();
  groups_.pop_back();
  if (!ended.starts_sink || sinks_[ended.sink].what != "comment")
    return;
  const auto text = on_one_line(sinks_[ended.sink].text);
  if (options_.rules.comments == core::comment_mode::omit)
    notes_.add("comment was left out", "comments were left out");
  else
    say("[comment by " + core::clean_text(author_, 100) + ": " + text + "]");
  author_.clear();
}

bool rtf_reader::destination(std::string_view name) {
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

void rtf_reader::word(std::string_view name, int64_t number, bool has_number) {
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
    name == "cell"                           ? begin_row(),
      sinks_[now_.sink].text += rtf_cell_end : sinks_[now_.sink].text += ' ';
  else if (name == "row")
    end_row();
  else if (name == "trowd" || name == "intbl")
    begin_row();
  else if (name == "pard") // After a row, before its next cell has begun.
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

void rtf_reader::leave_table() {
  auto& s = sinks_[now_.sink];
  if (s.in_row && s.text.find_first_not_of(" \n\t", s.row_begin) == std::string::npos)
    s.in_row = false;
}

void rtf_reader::character(std::string_view name) {
  static const std::map<std::string_view, const char*> characters{
    {"emdash", "\u2014"},    {"endash", "\u2013"},    {"lquote", "\u2018"}, {"rquote", "\u2019"},
    {"ldblquote", "\u201c"}, {"rdblquote", "\u201d"}, {"bullet", "\u2022"}, {"emspace", " "},
    {"enspace", " "},        {"qmspace", " "}};
  if (const auto it = characters.find(name); it != characters.end())
    say(it->second);
}

void rtf_reader::unicode(int64_t number) {
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

document_words rtf_reader::finish() {
  for (auto& s : sinks_)
    std::ranges::replace(s.text, rtf_cell_end, ' ');
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
} // namespace penstock::io
