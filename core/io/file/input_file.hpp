#pragma once

#include "core/base/error.hpp"
#include "core/io/file/byte_source.hpp"
#include "core/io/file/content_hash.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::io {

/// One line of an input.
struct input_line {
  /// Without line break; only the start if the line is too long. Valid until the next call.
  std::string_view text;
  uint64_t number = 0;   ///< From 1.
  uint64_t size = 0;     ///< Bytes of the whole line without its line break.
  bool too_long = false; ///< Longer than allowed: `text` has only its start.
};

/// Reads an input line by line: a plain or gzip file, a pipe, or standard input. The memory is
/// bounded by the longest allowed line. A byte order mark at the start is skipped.
class input_file {
public:
  /// Bytes that are kept of a line that is too long.
  static constexpr size_t start_kept = 4096;

  /// @param path A file, or "-" for standard input.
  /// @param line_max Lines with more bytes are too long.
  static result<input_file> open(const std::string& path, uint64_t line_max);

  /// Goes to the next line. @returns false at the end.
  result<bool> next(input_line& line);
  /// Whether the input can be opened and read again from the start.
  bool is_regular() const noexcept { return source_->is_regular(); }
  /// Whether the next line is in memory, so that `next` does not wait for a pipe.
  bool has_line() const noexcept;
  /// Decompressed bytes of all lines returned so far, with line breaks.
  uint64_t bytes() const noexcept { return bytes_; }
  /// SHA-256 of those bytes, in hex.
  std::string hash();

private:
  input_file(std::unique_ptr<byte_source> source, uint64_t line_max);
  result<bool> fill();
  result<bool> skip_line(input_line& line);
  void take(size_t size);
  void flush_hash();

  std::unique_ptr<byte_source> source_;
  uint64_t line_max_;
  std::vector<char> buffer_;
  size_t hashed_ = 0; ///< Start of the bytes that are not hashed yet.
  size_t at_ = 0;     ///< Start of the bytes that were not returned as a line yet.
  size_t end_ = 0;    ///< End of the bytes read.
  uint64_t bytes_ = 0;
  uint64_t lines_ = 0;
  bool ended_ = false;
  content_hash hash_;
  std::string start_; ///< Start of the last line that was too long.
};

} // namespace penstock::io
