#pragma once

#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace penstock::io {

/// Options of a scan of an input.
struct scan_options {
  core::line_options lines;                       ///< Changes that the run makes to each line.
  uint64_t line_max = core::defaults::line_bytes; ///< Lines with more bytes are rejected.
  /// Why the whole input is refused because of this request, without the line; nullopt: it is not.
  /// Also called for requests that are rejected. Null: no request refuses the input.
  std::function<std::optional<std::string>(const core::request&)> refuses = {};
  /// Called every 16,384 requests with the requests and bytes so far.
  std::function<void(uint64_t, uint64_t)> progress;
};

/// A line that cannot be sent.
struct rejected_line {
  uint64_t line = 0;     ///< From 1.
  std::string custom_id; ///< As far as it could be read.
  std::string reason;    ///< Contains the line number.
};

/// A custom_id that is in more than one line.
struct duplicate_id {
  std::string custom_id;
  uint64_t first_line = 0;  ///< The first line with it.
  uint64_t second_line = 0; ///< The second line with it.
};

/// Sums over the requests for one model and url.
struct model_share {
  uint64_t requests = 0;
  uint64_t body_bytes = 0;        ///< Bytes of the bodies, for an estimate of the input tokens.
  uint64_t output_tokens_max = 0; ///< Sum of the output maxima in the bodies.
  uint64_t without_maximum = 0;   ///< Requests without an output maximum.
};

/// The content of an input.
struct input_summary {
  /// Largest number of examples of one kind.
  static constexpr size_t examples_max = 10;
  /// Largest number of rows in `models`. Further models are counted under {"...", "..."}.
  static constexpr size_t models_max = 100;

  uint64_t requests = 0;                 ///< With rejected requests.
  uint64_t rejected = 0;                 ///< Requests that will fail unsent.
  uint64_t bytes = 0;                    ///< Decompressed bytes.
  std::string hash;                      ///< SHA-256 of these bytes, in hex.
  std::vector<rejected_line> rejections; ///< The first rejected lines.
  std::vector<duplicate_id> duplicates;  ///< Examples; empty if the input has no duplicates.
  std::map<std::pair<std::string, std::string>, model_share> models; ///< By model and url.

  /// Sums over all requests that will be sent.
  model_share total() const noexcept;
};

/// Refuses a regular file that cannot be an input of `run`: tables, archives, UTF-16, JSON in one
/// piece, an empty file. It looks at the first bytes. The error says what the file is and what to
/// do.
result<void> check_requests(const std::string& path);

/// Scans a regular file before any request is sent. Duplicates are found exactly, because a second
/// pass compares the ids with equal hashes. The memory does not grow with the number of requests:
/// it is the longest line and half a megabyte, because the hashes are in a temporary file.
result<input_summary> scan_input(const std::string& path, const scan_options& options);

} // namespace penstock::io
