#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// Walks the members of one JSON object without parsing their values, so that the bytes of a value
/// can be passed on unchanged. The text should be valid JSON; on any other text the scanner stays
/// inside the bounds and ends early.
class member_scanner {
public:
  /// @param object Text that begins with `{`; white space may stand before it.
  explicit member_scanner(std::string_view object) noexcept;
  /// Goes to the next member. @returns false at the end, or where the text is not valid JSON.
  bool next() noexcept;
  /// Whether the key of the current member, with its escapes decoded, is `name`.
  bool key_is(std::string_view name) const;
  /// The key as written in the text, without its quotes.
  std::string_view raw_key() const noexcept { return key_; }
  /// The bytes of the current value, without white space around it.
  std::string_view value() const noexcept { return value_; }
  /// After `next` returned false: whether it reached the closing brace.
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

/// The value of the last member called `name`, or nullopt. Parsers keep the last one, too.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name);

/// The text of a JSON string literal (with its quotes), or nullopt if the literal is not valid.
std::optional<std::string> decode_json_string(std::string_view literal);

/// Appends `text` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace penstock::core
