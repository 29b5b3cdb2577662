#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace penstock::io {

/// Reads the bytes of a file once, in order.
class byte_source {
public:
  virtual ~byte_source() = default;
  /// Reads up to `size` bytes. From a pipe it reads the bytes that are there, so that a line is not
  /// held back until more lines come.
  /// @returns the number of bytes read; 0 at the end.
  virtual result<size_t> read(char* to, size_t size) = 0;
  /// Whether the file can be opened and read again from the start.
  virtual bool is_regular() const noexcept = 0;
};

/// Opens `path`, or standard input for "-". Data that begins with the magic bytes of gzip is
/// decompressed. A file whose name ends in .gz must begin with them.
result<std::unique_ptr<byte_source>> open_byte_source(const std::string& path);

} // namespace penstock::io
