#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace penstock::io {

/// Bytes of a file, in order, once.
class byte_source {
public:
  virtual ~byte_source() = default;
  /// Reads up to `size` bytes; from a pipe what is there, so that lines do not wait for others.
  /// @returns how many came; 0 at the end.
  virtual result<size_t> read(char* to, size_t size) = 0;
  /// Whether it can be opened and read again from the start.
  virtual bool is_regular() const noexcept = 0;
};

/// Opens `path`, or standard input for "-". What begins with the magic bytes of gzip is
/// decompressed; a name that ends in .gz must begin with them.
result<std::unique_ptr<byte_source>> open_byte_source(const std::string& path);

} // namespace penstock::io
