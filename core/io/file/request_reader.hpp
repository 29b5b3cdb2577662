#pragma once

#include "core/base/checksum.hpp"
#include "core/base/defaults.hpp"
#include "core/io/file/input_file.hpp"
#include "core/io/file/kept_places.hpp"
#include "core/jsonl/jsonl.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace penstock::io {

/// A position in an input, with a checksum up to there. A resumed run checks a pipe with it.
struct input_mark {
  uint64_t requests = 0; ///< Requests read; 0: no mark.
  uint64_t checksum = 0; ///< Checksum over their lines, without blank lines.
  bool operator==(const input_mark&) const = default;
};

/// How to read an input, and what to expect.
struct reader_options {
  core::line_options lines; ///< Changes to make to each line.
  uint64_t line_max =
    core::defaults::line_bytes; ///< A line with more bytes becomes a rejected request.
  uint64_t first_index = 0;     ///< Requests before this index are skipped, not parsed.
  /// These are skipped, too; the others are numbered without them. Null: none.
  std::shared_ptr<const kept_places> passed_over = nullptr;
  std::string expected_hash; ///< SHA-256 of the whole input, checked at its end; empty: no check.
  bool marks = false;        ///< Whether `mark` will be called; pipes always have marks.
  input_mark expected_start; ///< Checked before the first request is handed out.
};

/// Reads the requests of an input in order. Blank lines are skipped and have no index. Unusable
/// lines become rejected requests.
class request_reader {
public:
  /// @param path A file, or "-" for standard input.
  static result<request_reader> open(const std::string& path, reader_options options);

  /// The next request, or nullopt at the end.
  /// @returns `errc::input_changed` if the input is not the expected one. If a start is expected,
  /// no request is returned before that start is checked. Until then the requests between
  /// `first_index` and the mark wait in memory (never more than the window of the earlier run).
  result<std::optional<core::request>> next();
  /// The position up to which the input was read.
  /// @pre It is a pipe, or `reader_options::marks` is set.
  input_mark mark() const noexcept { return {index_, sum_.value()}; }
  /// SHA-256 of the bytes read so far, in hex.
  std::string hash() { return file_.hash(); }
  /// Bytes read so far, decompressed.
  uint64_t bytes() const noexcept { return file_.bytes(); }
  /// Whether the input can be opened and read again from the start.
  bool is_regular() const noexcept { return file_.is_regular(); }
  /// Whether a line is in memory, so that `next` does not wait for a pipe.
  bool has_more_buffered() const noexcept { return !ready_.empty() || file_.has_line(); }

private:
  request_reader(std::string path, input_file file, reader_options options);
  result<std::optional<core::request>> read_one();
  result<void> read_expected_start();
  error changed(std::string_view what) const;

  std::string path_;
  input_file file_;
  reader_options options_;
  uint64_t index_ = 0;              ///< Index of the next request in the input.
  core::running_checksum sum_;      ///< Over the lines of all requests read.
  std::deque<core::request> ready_; ///< Read to check the start, not yet returned.
};

} // namespace penstock::io
