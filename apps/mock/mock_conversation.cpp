#include "apps/mock/mock_conversation.hpp"
#include "apps/mock/mock_text.hpp"

#include <utility>

namespace penstock::mock {

namespace {

constexpr size_t text_max = 64; ///< Code points of the echo.

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

uint64_t step(uint64_t hash, char c) {
  return (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
}

/// Appends words of `text` until `out` is full.
void append_words(std::string& out, std::string_view text) {
  bool gap = !out.empty();
  for (size_t i = 0, points = 0; i < text.size() && points <= text_max; ++i) {
    if (is_space(text[i])) {
      gap = !out.empty();
      continue;
    }
    if (std::exchange(gap, false)) {
      out += ' ';
      ++points;
    }
    out += text[i];
    points += (text[i] & 0xc0) != 0x80;
  }
}

} // namespace

/// Every run of white space counts as one space, and so does the end of a text. The loop has no
/// branches, because a processor cannot predict where words end.
void conversation::words::add(std::string_view text) {
  uint64_t h = hash;
  bool white = gap;
  for (char c : text) {
    const bool space = is_space(c);
    const uint64_t next = step(h, space ? ' ' : c);
    h = space & white ? h : next;
    white = space;
  }
  hash = white ? h : step(h, ' ');
  gap = true;
}

void conversation::say(role who, std::string_view text) {
  if (text.empty())
    return; // Some protocols leave an empty system message out.
  if (who == role::system)
    return system_.add(text);
  if (who != last_)
    rest_.hash = step(step(rest_.hash, '\0'), static_cast<char>(who));
  rest_.add(text);
  if (who == role::user) {
    if (last_ != role::user)
      text_.clear();
    append_words(text_, text);
    text_.resize(first_codepoints(text_, text_max).size());
  }
  last_ = who;
}

void conversation::attach(std::string_view data) { attachments_ = mix(attachments_ + fnv1a(data)); }

conversation conversation::beginning() const {
  conversation c;
  c.system_ = system_;
  return c;
}

} // namespace penstock::mock
