#pragma once

#include "core/base/error.hpp"
#include "core/jsonl/jsonl.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace penstock::io {

/// How to look through an input.
struct scan_options {
  core::line_options lines;      ///< What the run changes in the lines.
  uint64_t line_max = 64u << 20; ///< Bytes above which a line is rejected.
  /// Told every 16,384 requests: requests and bytes so far.
  std::function<void(uint64_t, uint64_t)> progress;
};

/// A line that cannot be sent.
struct rejected_line {
  uint64_t line = 0;     ///< From 1.
  std::string custom_id; ///< As far as it could be read.
  std::string reason;    ///< Names the line.
};

/// A custom_id that stands in more than one line.
struct duplicate_id {
  std::string custom_id;
  uint64_t first_line = 0;  ///< Where it stands first.
  uint64_t second_line = 0; ///< Where it stands again.
};

/// What the requests for one model and url come to.
struct model_share {
  uint64_t requests = 0;
  uint64_t body_bytes = 0;        ///< Bytes of the bodies, for an estimate of the input tokens.
  uint64_t output_tokens_max = 0; ///< Sum of the maxima that the bodies set.
  uint64_t without_maximum = 0;   ///< Requests that set none.
};

/// What an input holds.
struct input_summary {
  /// Longest list of examples of one kind.
  static constexpr size_t examples_max = 10;
  /// Most rows of `models`; what comes after is counted under {"...", "..."}.
  static constexpr size_t models_max = 100;

  uint64_t requests = 0;                 ///< Rejected ones included.
  uint64_t rejected = 0;                 ///< Requests that will fail unsent.
  uint64_t bytes = 0;                    ///< Decompressed bytes.
  std::string hash;                      ///< SHA-256 of them, in hex.
  std::vector<rejected_line> rejections; ///< The first ones.
  std::vector<duplicate_id> duplicates;  ///< The first ones found; empty if there are none at all.
  std::map<std::pair<std::string, std::string>, model_share> models; ///< By model and url.

  /// Everything that will be sent.
  model_share total() const noexcept;
};

/// Refuses, by its first bytes, a regular file that cannot be the input of `run` at all: tables,
/// archives, UTF-16, JSON in one piece, an empty file. The error says what it is and what to do.
result<void> check_requests(const std::string& path);

/// Looks through a regular file before anything is sent. Duplicates are looked for exactly: equal
/// hashes are compared in a second pass. Memory does not grow with the number of requests: the
/// longest line and half a megabyte; the hashes wait in a temporary file.
result<input_summary> scan_input(const std::string& path, const scan_options& options);

} // namespace penstock::io
