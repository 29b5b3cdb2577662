#include "core/json/json_scan.hpp"
#include "core/base/text.hpp"
#include "core/json/json_check.hpp"

#include <boost/json.hpp>

#include <cstring>

namespace penstock::core {

namespace json = boost::json;

member_scanner::member_scanner(std::string_view object) noexcept : text_{object} {
  skip_space();
  if (at_ < text_.size() && text_[at_] == '{')
    ++at_;
  else
    at_ = text_.size();
}

void member_scanner::skip_space() noexcept {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
    ++at_;
}

// A quote ends the string, unless an odd number of backslashes stands before it.
bool member_scanner::skip_string() noexcept {
  const size_t begin = ++at_;
  while (at_ < text_.size()) {
    auto* hit = static_cast<const char*>(std::memchr(text_.data() + at_, '"', text_.size() - at_));
    if (!hit)
      break;
    const size_t quote = static_cast<size_t>(hit - text_.data());
    size_t slashes = 0;
    while (quote - slashes > begin && text_[quote - slashes - 1] == '\\')
      ++slashes;
    at_ = quote + 1;
    if (slashes % 2 == 0)
      return true;
  }
  at_ = text_.size();
  return false;
}

bool member_scanner::skip_value() noexcept {
  size_t depth = 0;
  const size_t begin = at_;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      if (!skip_string())
        return false;
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at_;
      continue;
    } else if (c == '}' || c == ']') {
      if (depth == 0)
        return at_ > begin;
      --depth;
      ++at_;
    } else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
      return at_ > begin;
    } else {
      ++at_;
      continue;
    }
    if (depth == 0)
      return true;
  }
  return depth == 0 && at_ > begin;
}

bool member_scanner::next() noexcept {
  skip_space();
  if (at_ >= text_.size())
    return false;
  if (text_[at_] == '}') {
    complete_ = true;
    return false;
  }
  if (!first_) {
    if (text_[at_] != ',')
      return false;
    ++at_;
    skip_space();
  }
  first_ = false;
  if (at_ >= text_.size() || text_[at_] != '"')
    return false;
  const size_t key = at_;
  if (!skip_string())
    return false;
  key_ = text_.substr(key + 1, at_ - key - 2);
  skip_space();
  if (at_ >= text_.size() || text_[at_] != ':')
    return false;
  ++at_;
  skip_space();
  const size_t value = at_;
  if (!skip_value())
    return false;
  value_ = text_.substr(value, at_ - value);
  return true;
}

bool member_scanner::key_is(std::string_view name) const {
  if (key_.find('\\') == std::string_view::npos)
    return key_ == name;
  // The literal is the key and the quotes around it.
  return decode_json_string({key_.data() - 1, key_.size() + 2}) == name;
}

std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  for (member_scanner scan{object}; scan.next();)
    if (scan.key_is(name))
      found = scan.value();
  return found;
}

std::optional<std::string> decode_json_string(std::string_view literal) {
  if (literal.size() < 2 || literal[0] != '"' || check_json(literal))
    return std::nullopt;
  if (literal.find('\\') == std::string_view::npos)
    return std::string{literal.substr(1, literal.size() - 2)};
  boost::system::error_code ec;
  auto value = json::parse({literal.data(), literal.size()}, ec);
  if (ec || !value.is_string())
    return std::nullopt;
  return std::string{value.get_string().data(), value.get_string().size()};
}

namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  constexpr char digits[] = "0123456789abcdef";
  out += "\\u00";
  out += digits[(c >> 4) & 15];
  out += digits[c & 15];
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0; // Start of the run that goes out as it is.
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    const size_t length = c < 0x80 ? 0 : utf8_length(text, i);
    if (length > 0) {
      i += length;
      continue;
    }
    out.append(text, plain, i - plain);
    if (c >= 0x80)
      out += "\xef\xbf\xbd";
    else
      append_escaped(out, static_cast<char>(c));
    plain = ++i;
  }
  out.append(text, plain);
  out += '"';
}

} // namespace penstock::core
