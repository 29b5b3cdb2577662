#pragma once

#include <boost/json.hpp>

#include <array>
#include <string>
#include <string_view>

namespace penstock::core {

/// How deep JSON of an upstream may nest. Real answers stay below 20; a hostile one must not reach
/// the end of the stack.
inline constexpr size_t json_depth_max = 128;

/// JSON in memory that goes away as one piece. The buffer holds what a usual answer needs, so that
/// judging one costs no allocation of its own.
class parsed_json {
public:
  explicit parsed_json(std::string_view text) : value_(parse(text)) {}

  /// @returns null if the text is no JSON, or nests too deeply.
  const boost::json::value* get() const noexcept { return ec_ ? nullptr : &value_; }
  /// Why not.
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
  boost::json::value value_; // Built in place: an assignment would copy it out of the buffer.
};

} // namespace penstock::core
