#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::io {

/// Reads single lines of a file by their offsets. Lines that follow each other cost one read a
/// block.
class line_fetcher {
public:
  static result<line_fetcher> open(const std::string& path);

  /// The line that begins at `offset`, with its line break; valid until the next call.
  /// @returns `errc::corrupt` if no whole line is there.
  result<std::string_view> at(uint64_t offset);

private:
  line_fetcher(std::string path, file_descriptor fd) : path_{std::move(path)}, fd_{std::move(fd)} {}

  std::string path_;
  file_descriptor fd_;
  std::string buffer_;
  uint64_t begin_ = 0; ///< Offset of `buffer_`.
};

} // namespace penstock::io
