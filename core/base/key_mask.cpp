#include "core/base/key_mask.hpp"
#include "core/base/base64.hpp"
#include "core/base/http.hpp"

#include <string.h>

#include <algorithm>

namespace penstock::core {

namespace {

/// What every base64 text that contains `key` contains, if `before` bytes stand before the key in
/// its group of three. Characters that also hold bits of other bytes are left out.
std::string base64_core(std::string_view key, size_t before) {
  const auto text = base64_encode(std::string(before, '\0') + std::string{key});
  const size_t first = (before * 8 + 5) / 6, end = (before + key.size()) * 8 / 6;
  return text.substr(first, end - first);
}

std::string json_slashes(std::string_view key) {
  std::string out;
  for (char c : key)
    (c == '/' ? out += '\\' : out) += c;
  return out;
}

size_t find_bytes(std::string_view text, std::string_view what, size_t from) noexcept {
  const auto* at = static_cast<const char*>(
    ::memmem(text.data() + from, text.size() - from, what.data(), what.size()));
  return at ? static_cast<size_t>(at - text.data()) : text.npos;
}

} // namespace

key_mask::key_mask(const std::vector<std::string>& keys) {
  for (auto& key : keys) {
    if (key.size() < key_min)
      continue;
    forms_.push_back(key);
    if (key.find('/') != key.npos)
      forms_.push_back(json_slashes(key));
    for (size_t before : {0, 1, 2})
      forms_.push_back(base64_core(key, before));
  }
  std::ranges::sort(
    forms_, [](auto& a, auto& b) { return a.size() != b.size() ? a.size() > b.size() : a < b; });
  const auto rest = std::ranges::unique(forms_);
  forms_.erase(rest.begin(), rest.end());
}

bool key_mask::mask(std::string& text) const {
  bool found = false;
  for (auto& form : forms_) {
    auto at = find_bytes(text, form, 0);
    if (at == text.npos)
      continue;
    found = true;
    std::string out;
    size_t done = 0;
    for (; at != text.npos; at = find_bytes(text, form, done)) {
      out.append(text, done, at - done).append(replacement);
      done = at + form.size();
    }
    text = out.append(text, done);
  }
  return found;
}

void key_mask::mask(http_response& answer) const {
  if (forms_.empty())
    return;
  mask(answer.body);
  mask(answer.failure_text);
  for (auto& [name, value] : answer.headers)
    mask(value);
}

} // namespace penstock::core
