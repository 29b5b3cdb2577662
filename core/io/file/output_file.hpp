#pragma once

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::io {

/// Appends whole lines to an output and never knowingly leaves half a line behind. After the first
/// error everything else fails with the same error: what the disk refused once (a lost fsync above
/// all) must never look written later.
/// Writing to a pipe without a reader raises SIGPIPE; programs ignore that signal.
class output_file {
public:
  /// Makes a new file; an empty one that exists is taken over, any other refused. A device or pipe
  /// is opened as a stream.
  static result<output_file> create(const std::string& path);
  /// Opens an existing file, cuts it to `size` bytes and goes on behind them.
  /// @param sum The checksum over those bytes.
  static result<output_file> resume(const std::string& path, uint64_t size,
                                    core::running_checksum sum);
  /// Standard output, which stays open afterwards.
  static output_file standard_output();

  /// Appends whole lines with one large write. On an error the file is cut after the last whole
  /// line that reached it; that line and those before it count in `bytes`.
  result<void> append(std::string_view lines);
  /// Returns when everything appended is on disk. Pipes and devices that know no sync are fine.
  result<void> sync();

  /// Size of the file.
  uint64_t bytes() const noexcept { return bytes_; }
  /// Lines appended by this object.
  uint64_t lines() const noexcept { return lines_; }
  /// The checksum over all bytes of the file.
  uint64_t checksum() const noexcept { return sum_.value(); }
  /// Whether it is a regular file, which can be cut and resumed.
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
