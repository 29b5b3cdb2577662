#pragma once

#include "core/base/error.hpp"
#include "core/base/request.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The file formats of `penstock run`: lines of the OpenAI batch form on both sides. A line of the
/// output carries one more object, `penstock`, which ends in a checksum over the bytes before it,
/// so that a resumed run can tell its own lines from edited, cut or damaged lines.
namespace penstock::core {

/// Longest `custom_id` in bytes.
inline constexpr size_t custom_id_max = 512;

/// Changes that a run makes to the lines of its input.
struct line_options {
  std::string model; ///< Replaces the model in the body; empty: keep it.
};

/// Whether a line has only white space. Such lines are not requests and have no index.
bool is_blank(std::string_view line) noexcept;

/// Reads one line: `{"custom_id","method","url","body"}`, the batch form of Anthropic
/// (`{"custom_id","params"}`, for /v1/messages), or a bare body (an object with `messages` or
/// `input`). Never fails: an unusable line gives a request with `rejection` set. The
/// body is the exact slice of the line, unless a member has to be replaced or left out.
/// @param line Without its line break; a carriage return at the end is ignored.
request parse_request_line(std::string_view line, uint64_t index, uint64_t line_number,
                           const line_options& options = {});

/// A request for a line that is too long to keep.
/// @param start The first bytes of the line, from which the custom_id is read if it is there.
request rejected_request(std::string_view start, uint64_t index, uint64_t line_number,
                         std::string reason);

/// What a request asks for, in 64 bits: its path and body, not its custom_id or place. Of an
/// unusable line: why it is unusable. Never 0.
uint64_t request_sum(const request& r) noexcept;

/// Where a line of an output stands, and which request it answers.
struct line_place {
  uint64_t index = 0;       ///< Its place in the output.
  uint64_t request_sum = 0; ///< `request_sum` of the request; 0: not known.
};

/// Appends the output line of `o` with its line break.
/// @pre `o.body` is empty or valid JSON.
void append_output_line(std::string& out, const outcome& o);
/// The same at another place than `o.index`.
void append_output_line(std::string& out, const outcome& o, line_place at);
/// The output line of `o` with its line break.
std::string output_line(const outcome& o);

/// An output line without its body.
struct output_record {
  uint64_t index = 0;                          ///< Place in the job.
  std::string custom_id;                       ///< As in the request.
  outcome_state state = outcome_state::failed; ///< The result.
  int status_code = 0;                         ///< 0 if no answer came.
  std::string error_code;                      ///< Name of the `errc`; empty if completed.
  uint32_t attempts = 0;                       ///< HTTP exchanges made for it.
  uint32_t rate_limited = 0;                   ///< Attempts that were answered with 429.
  mode ran_as = mode::parallel;                ///< Mode of the last attempt.
  int64_t queued_ms = 0;                       ///< From first hand-out to the first permit.
  int64_t upstream_ms = 0;                     ///< Time inside HTTP exchanges.
  bool cached = false;                         ///< Answered without its own attempt.
  usage used;                                  ///< Tokens, if the answer had a usage.
  double cost = 0;                             ///< US dollars, if prices were known.
  uint32_t pack_size = 0;                      ///< Requests in its pack; 0: sent alone.
  std::vector<std::string> notes;              ///< Parts that were left out or changed.
  uint64_t request_sum = 0;                    ///< Of the request that it answers; 0: not known.
};

/// The record in the output line of `o`.
output_record record_of(const outcome& o);

/// Reads a line of `append_output_line`, with or without the line break.
/// @returns `errc::corrupt` if the line is incomplete, edited or not ours.
result<output_record> parse_output_line(std::string_view line);

/// The line of an output at another place, for a request that may have another name there. Ends in
/// a line break.
/// @returns `errc::corrupt` if the line is torn, edited or not ours.
result<std::string> moved_line(std::string_view line, uint64_t index, std::string_view custom_id);

/// Sums over output lines, so that the summary of a resumed run covers all of it.
struct output_totals {
  uint64_t completed = 0, failed = 0, cancelled = 0, expired = 0; ///< Requests by state.
  uint64_t cached = 0;                                            ///< Requests without an attempt.
  /// HTTP exchanges, and how many of them met a 429. The requests of a pack share one exchange, so
  /// a line of a pack counts as a part of one. The sum is exact if no pack was split.
  uint64_t attempts = 0, rate_limited = 0;
  uint64_t input_tokens = 0, cached_input_tokens = 0; ///< As the providers counted.
  uint64_t output_tokens = 0, reasoning_tokens = 0;   ///< As the providers counted.
  uint64_t upstream_ms = 0;                           ///< Time inside HTTP exchanges.
  uint64_t cost_nanodollars = 0;                      ///< Whole, so that sums are exact.

  /// Counts one more line.
  void add(const output_record& r) noexcept;
  /// Counts all lines of `more`.
  void add(const output_totals& more) noexcept;
  /// All requests counted.
  uint64_t requests() const noexcept { return completed + failed + cancelled + expired; }
  bool operator==(const output_totals&) const = default;

  uint64_t attempts_parts = 0, rate_limited_parts = 0; ///< The fractions of these sums, in parts.
};

} // namespace penstock::core
