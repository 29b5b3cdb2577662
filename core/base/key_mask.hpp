#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

struct http_response;

/// Removes API keys from answers. Some servers repeat the key that they got, plain, after
/// "Bearer ", escaped as JSON, or in base64. Each of these becomes `key_mask::replacement`.
class key_mask {
public:
  static constexpr std::string_view replacement = "[key removed]";
  /// Shorter keys are not masked: they could be a word of an answer.
  static constexpr size_t key_min = 8;

  key_mask() = default;
  /// Masks all of `keys`. Keys that are too short are ignored.
  explicit key_mask(const std::vector<std::string>& keys);

  /// Masks `text`. Reads it once per form of a key, and copies nothing if no key is in it.
  /// @returns whether it has changed.
  bool mask(std::string& text) const;
  /// Masks the body, the headers' values and the failure text of an answer.
  void mask(http_response& answer) const;

private:
  std::vector<std::string> forms_; ///< The longest first.
};

} // namespace penstock::core
