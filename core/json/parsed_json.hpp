#pragma once

#include <boost/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace penstock::core {

/// How deep the JSON of a provider may nest. Real answers nest less than 20 deep. A hostile answer
/// must not overflow the stack.
inline constexpr size_t json_depth_max = 128;

/// Parsed JSON whose memory is freed in one piece. A usual answer fits into the buffer, so that
/// parsing it allocates nothing.
class parsed_json {
public:
  explicit parsed_json(std::string_view text) : value_(parse(text)) {}

  /// @returns null if the text is not JSON, or nests too deeply.
  const boost::json::value* get() const noexcept { return ec_ ? nullptr : &value_; }
  /// Whether there is no JSON for another reason than that its end is missing.
  bool is_whole() const noexcept { return ec_ != boost::json::error::incomplete; }
  /// Why `get` returns null.
  std::string error() const { return ec_.message(); }

private:
  boost::json::value parse(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = json_depth_max;
    return boost::json::parse(text, ec_, &memory_, options);
  }

  std::array<unsigned char, 16u << 10> buffer_;
  boost::json::monotonic_resource memory_{buffer_.data(), buffer_.size()};
  boost::json::error_code ec_;
  // Built in place, because an assignment would copy it out of the buffer.
  boost::json::value value_;
};

} // namespace penstock::core
