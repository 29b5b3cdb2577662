#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// Walks the members of one JSON object without building anything, so that the bytes of a value
/// can be passed on exactly as they came. It trusts the text to be valid JSON where the caller has
/// checked that; on any other text it stays inside the bounds and ends early.
class member_scanner {
public:
  /// @param object Text that begins with `{`, white space before it allowed.
  explicit member_scanner(std::string_view object) noexcept;
  /// Goes to the next member. @returns false at the end, or where the text cannot be followed.
  bool next() noexcept;
  /// Whether the key of the current member is `name`, escapes in it decoded.
  bool key_is(std::string_view name) const;
  /// The key as it stands in the text, without its quotes.
  std::string_view raw_key() const noexcept { return key_; }
  /// The bytes of the current value, without white space around it.
  std::string_view value() const noexcept { return value_; }
  /// After `next` was false: whether the closing brace was met.
  bool complete() const noexcept { return complete_; }

private:
  void skip_space() noexcept;
  bool skip_string() noexcept;
  bool skip_value() noexcept;

  std::string_view text_;
  size_t at_ = 0;
  bool first_ = true;
  bool complete_ = false;
  std::string_view key_;
  std::string_view value_;
};

/// The value of the last member called `name` (the one that parsers keep), or nullopt.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name);

/// The text of a JSON string literal with its quotes, or nullopt if it is not a valid one.
std::optional<std::string> decode_json_string(std::string_view literal);

/// Appends `text` as a JSON string with quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace penstock::core
