#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace penstock {

/// What went wrong. Each code has one remedy. The numbers reach disk (journal, stores) and the
/// network: never change one. A new code takes the next number.
enum class errc : uint8_t {
  /// A configuration value is missing or out of range. Stop and say which key.
  invalid_config = 1,
  /// An input line or request body cannot be used. Fail that request; it will not get better.
  invalid_input = 2,
  /// The provider asked for fewer requests. Retry once the lane allows it.
  rate_limited = 3,
  /// A daily quota is used up. Park the job until the quota resets.
  quota_exhausted = 4,
  /// The account has no money left. Abort the job; only the owner of the account can help.
  billing = 5,
  /// The key is missing, wrong or not allowed. Abort the job; resume with another key.
  unauthorized = 6,
  /// One request is larger than the limit ever allows. Fail that request at once.
  request_too_large = 7,
  /// The provider refused this request. Fail it: the same request would be refused again.
  bad_request = 8,
  /// The provider had an internal error (5xx). Retry.
  server_error = 9,
  /// The provider is overloaded (503, 529), although our limits were kept. Retry.
  overloaded = 10,
  /// No answer in time. Retry.
  timeout = 11,
  /// The connection could not be made, or broke before the answer was whole. Retry.
  connection_failed = 12,
  /// The answer is not what the protocol promises (HTML, cut JSON, no choices). Retry.
  bad_response = 13,
  /// The answer is larger than the response cap. Fail that request.
  response_too_large = 14,
  /// The breaker of the lane is open. Use another lane, or come back later.
  unavailable = 15,
  /// The request or its job was cancelled.
  cancelled = 16,
  /// The deadline passed.
  expired = 17,
  /// The request crashed its worker too often. Fail it for good.
  poison = 18,
  /// A file or database operation failed. Stop; no more data can be stored safely.
  io_error = 19,
  /// The disk (or quota) is full. Stop, make room, resume.
  disk_full = 20,
  /// Another run holds the output. Wait for it, or choose another output.
  locked = 21,
  /// A file of Penstock is damaged or was edited. Stop; `--restart` begins again.
  corrupt = 22,
  /// The output was begun with another input. Stop; `--restart` begins again.
  input_changed = 23,
  /// A queue is full. Try again later.
  overflow = 24,
  /// This mode cannot take this request; the next mode of the chain can.
  not_packable = 25,
  /// A bug in Penstock.
  internal = 26,
  /// The job's budget is spent. Stop; resume with a higher one.
  budget_exhausted = 27,
  /// The answer does not have the shape that was asked for, after all corrections. Fail that
  /// request.
  schema_mismatch = 28,
  /// A packed answer misses, repeats or adds an id. Send its requests in smaller packs.
  pack_mismatch = 29,
  /// There is no such job. Look at the list of jobs.
  not_found = 30,
  /// The other side has another version of the cluster protocol. Install the same version on both.
  incompatible = 31,
};

/// The name of `code` in outcomes and logs, for example "rate_limited".
std::string_view to_string(errc code) noexcept;

/// An error as a value.
struct error {
  errc code = errc::internal;
  std::string context; ///< Names the request, key, file or line, and the remedy.
};

/// For logs and messages: "rate_limited: ...".
std::string to_string(const error& e);

/// Thrown by `result::value()` on an error. Code of Penstock tests the result first.
struct error_exception : std::runtime_error {
  explicit error_exception(const error& e) : std::runtime_error(to_string(e)) {}
};
[[noreturn]] inline void throw_exception_from_error(const error& e, const boost::source_location&) {
  throw error_exception(e);
}

/// A value or an `error`.
template <class T>
using result = boost::system::result<T, error>;

} // namespace penstock
