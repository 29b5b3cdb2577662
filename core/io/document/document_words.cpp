#include "core/io/document/document_words.hpp"

namespace penstock::io {

void document_notes::add(std::string_view one, std::string_view many, uint64_t count) {
  if (count == 0)
    return;
  for (auto& k : kinds_)
    if (k.one == one) {
      k.count += count;
      return;
    }
  kinds_.push_back({std::string{one}, std::string{many}, count});
}

std::vector<std::string> document_notes::sentences() const {
  std::vector<std::string> out;
  for (auto& k : kinds_)
    out.push_back(std::to_string(k.count) + ' ' + (k.count == 1 ? k.one : k.many));
  return out;
}

error unreadable(std::string what) { return {errc::invalid_input, std::move(what)}; }

error too_many_words(uint64_t text_max) {
  return unreadable("holds more than " + std::to_string(text_max) +
                    " bytes of words; split the document");
}

uint64_t visible_characters(std::string_view text) noexcept {
  uint64_t count = 0;
  for (unsigned char c : text)
    count += c > 0x20 && (c & 0xc0) != 0x80;
  return count;
}

std::string utf8_of(uint32_t c) {
  if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
    c = 0xfffd;
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
  }
  if (c >= 0x80)
    out += static_cast<char>(0x80 | (c & 0x3f));
  return out;
}

std::string on_one_line(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c == '\n' || c == '\t' || c == ' ') {
      if (!out.empty() && out.back() != ' ')
        out += ' ';
    } else {
      out += c;
    }
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

} // namespace penstock::io
