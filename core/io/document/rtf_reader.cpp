#include "core/io/document/rtf_reader.hpp"

namespace penstock::io {

using core::change_mode;

namespace {

constexpr size_t groups_max = 500;

} // namespace

result<document_words> rtf_reader::read() {
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
        break; // The end; the rest is not RTF.
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
    return unreadable("is a damaged RTF file: its end is missing; open it in a word processor and "
                      "save it as DOCX");
  return finish();
}

void rtf_reader::control() {
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

uint32_t rtf_reader::hex(int digits) {
  uint32_t code = 0;
  for (;
       digits > 0 && at_ < bytes_.size() && std::isxdigit(static_cast<unsigned char>(bytes_[at_]));
       --digits, ++at_) {
    const char c = bytes_[at_];
    code = code * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return code;
}

void rtf_reader::byte(char c) {
  if (skip_ > 0)
    --skip_;
  else
    pending_ += c;
}

void rtf_reader::flush() {
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

void rtf_reader::say(std::string_view text) {
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

void rtf_reader::line_break(std::string_view marks) {
  if (now_.in != kind::words)
    return;
  auto& s = sinks_[now_.sink];
  s.text += s.in_row ? std::string_view{" "} : marks;
}

void rtf_reader::end_row() {
  auto& s = sinks_[now_.sink];
  if (!s.in_row)
    return;
  const auto cells = s.text.substr(s.row_begin);
  s.text.resize(s.row_begin);
  s.text += '|';
  for (size_t at = 0; at < cells.size();) {
    const auto end = std::min(cells.find(rtf_cell_end, at), cells.size());
    if (end < cells.size() || !core::trim(cells.substr(at)).empty())
      s.text += " " + on_one_line(cells.substr(at, end - at)) + " |";
    at = end + 1;
  }
  s.text += '\n';
  s.in_row = false;
}

void rtf_reader::begin_row() {
  auto& s = sinks_[now_.sink];
  if (s.in_row)
    return;
  s.in_row = true;
  s.row_begin = s.text.size();
}
} // namespace penstock::io
