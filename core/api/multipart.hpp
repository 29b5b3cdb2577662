#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace penstock::core {

/// Reads a body of `multipart/form-data` (RFC 7578) as it arrives, in any pieces. Memory holds the
/// head of one part and a boundary.
class multipart_reader {
public:
  /// What is in the body. Parts come one after the other.
  class taker {
  public:
    virtual ~taker() = default;
    /// A part begins. @param filename Empty: it is a field.
    virtual void begin(const std::string& name, const std::string& filename) = 0;
    virtual void data(std::string_view bytes) = 0;
    virtual void end() = 0;
  };

  /// @param content_type The header of the body. `to` must live as long as the reader.
  multipart_reader(std::string_view content_type, taker& to);
  /// Takes bytes. @returns false if they are not of this form; nothing more is read then.
  bool take(std::string_view bytes);
  /// Whether the last boundary has come.
  bool is_complete() const noexcept { return state_ == state::done; }
  /// Whether the header names a boundary.
  bool has_boundary() const noexcept { return !boundary_.empty(); }

private:
  enum class state : uint8_t { preamble, after_boundary, head, data, done, broken };
  bool step();
  bool read_head(std::string_view text);

  taker& to_;
  std::string boundary_; ///< "\r\n--" and the boundary.
  std::string buffer_;
  state state_ = state::preamble;
};

} // namespace penstock::core
