#include "core/api/multipart.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

constexpr size_t head_max = 16u << 10;
constexpr size_t boundary_max = 200; // RFC 2046 allows 70.

/// The value of a parameter: `name="value"` or `name=value`.
std::string parameter(std::string_view header, std::string_view name) {
  for (size_t at = 0; (at = find_nocase(header, name, at)) != std::string_view::npos; ++at) {
    const bool begins =
      at > 0 && std::string_view{"; \t"}.find(header[at - 1]) != std::string_view::npos;
    auto rest = header.substr(at + name.size());
    if (!begins || !rest.starts_with('='))
      continue;
    rest.remove_prefix(1);
    if (!rest.starts_with('"'))
      return std::string{trim(rest.substr(0, rest.find(';')))};
    std::string out;
    for (size_t i = 1; i < rest.size() && rest[i] != '"'; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size())
        ++i;
      out += rest[i];
    }
    return out;
  }
  return {};
}

} // namespace

multipart_reader::multipart_reader(std::string_view content_type, taker& to) : to_{to} {
  auto boundary = parameter(content_type, "boundary");
  if (find_nocase(content_type, "multipart/form-data") == 0 && !boundary.empty() &&
      boundary.size() <= boundary_max)
    boundary_ = "\r\n--" + boundary;
  else
    state_ = state::broken;
  buffer_ = "\r\n"; // The first boundary stands at the beginning of a line.
}

bool multipart_reader::take(std::string_view bytes) {
  if (state_ == state::done)
    return true; // The epilogue is thrown away.
  buffer_ += bytes;
  while (state_ != state::done && state_ != state::broken && step())
    continue;
  return state_ != state::broken;
}

bool multipart_reader::read_head(std::string_view text) {
  std::string name, filename;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    if (find_nocase(line, "content-disposition:") != 0)
      continue;
    name = parameter(line, "name");
    filename = parameter(line, "filename");
    if (find_nocase(line, "filename=") != std::string_view::npos && filename.empty())
      filename = "upload";
  }
  if (name.empty())
    return false;
  to_.begin(name, filename);
  return true;
}

/// Goes on with what is in the buffer. @returns false if more bytes are needed.
bool multipart_reader::step() {
  switch (state_) {
  case state::preamble:
  case state::data: {
    const auto at = buffer_.find(boundary_);
    // The end of the buffer may be the beginning of a boundary.
    const auto sure =
      at != std::string::npos ? at : buffer_.size() - std::min(buffer_.size(), boundary_.size());
    if (state_ == state::data && sure > 0)
      to_.data(std::string_view{buffer_}.substr(0, sure));
    buffer_.erase(0, sure);
    if (at == std::string::npos)
      return false;
    if (state_ == state::data)
      to_.end();
    buffer_.erase(0, boundary_.size());
    state_ = state::after_boundary;
    return true;
  }
  case state::after_boundary:
    if (buffer_.size() < 2)
      return false;
    if (buffer_.starts_with("--")) {
      state_ = state::done;
      return false;
    }
    if (const auto end = buffer_.find("\r\n"); end == 0) {
      buffer_.erase(0, 2);
      state_ = state::head;
      return true;
    }
    // Only blanks may follow a boundary on its line.
    if (buffer_[0] == ' ' || buffer_[0] == '\t') {
      buffer_.erase(0, 1);
      return true;
    }
    state_ = state::broken;
    return false;
  case state::head: {
    const auto end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (buffer_.size() > head_max)
        state_ = state::broken;
      return false;
    }
    if (!read_head(std::string_view{buffer_}.substr(0, end))) {
      state_ = state::broken;
      return false;
    }
    // The line break before a boundary belongs to it, also in an empty part.
    buffer_.erase(0, end + 2);
    if (!buffer_.starts_with(boundary_))
      buffer_.erase(0, 2);
    state_ = state::data;
    return true;
  }
  default: return false;
  }
}

} // namespace penstock::core
