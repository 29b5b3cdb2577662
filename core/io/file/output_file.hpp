#pragma once

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// Appends whole lines to an output and never leaves half a line on purpose. After the first error
/// every call fails with the same error: bytes that the disk refused (for example at a failed
/// fsync) must never look written later. Writing to a pipe without a reader raises SIGPIPE;
/// programs must ignore that signal.
class output_file {
public:
  /// Makes a new file, or uses an empty one. Any other existing file is refused. A device or pipe
  /// is opened as a stream.
  static result<output_file> create(const std::string& path);
  /// Opens an existing file, cuts it to `size` bytes and appends to them.
  /// @param sum The checksum over those bytes.
  static result<output_file> resume(const std::string& path, uint64_t size,
                                    core::running_checksum sum);
  /// Standard output; it stays open.
  static output_file standard_output();

  /// Appends whole lines with one large write. After an error, the file is cut after its last whole
  /// line, and `bytes` counts up to there.
  result<void> append(std::string_view lines);
  /// Returns when all appended lines are on disk. Pipes and devices that cannot sync are fine.
  result<void> sync();

  /// Size of the file.
  uint64_t bytes() const noexcept { return bytes_; }
  /// Lines appended by this object.
  uint64_t lines() const noexcept { return lines_; }
  /// The checksum over all bytes of the file.
  uint64_t checksum() const noexcept { return sum_.value(); }
  /// Whether the output is a regular file, which can be cut and resumed.
  bool is_regular() const noexcept { return regular_; }

private:
  output_file(file_descriptor fd, std::string path, bool regular);
  void count(std::string_view lines) noexcept;
  error fail(std::string_view doing, int number);
  error fail_write(std::string_view doing, int number, std::string_view written);

  file_descriptor fd_;
  std::string path_;
  bool regular_;
  uint64_t bytes_ = 0;
  uint64_t lines_ = 0;
  core::running_checksum sum_;
  std::optional<error> failure_;
};

} // namespace penstock::io
