#pragma once

#include "messages/work.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

/// Live requests: somebody waits for the answer. They are no jobs and are never written to disk.
namespace penstock {

/// Jobs with this bit are live requests. The rest of the number is the minute of their start, so
/// that a node forgets after a minute which lanes were closed for them.
constexpr uint64_t live_job_bit = uint64_t{1} << 62;
constexpr bool is_live(uint64_t job) { return (job & live_job_bit) != 0; }

/// A part of a streamed answer, on its way to the one who waits.
struct stream_part {
  request_key key;
  uint64_t at = 0;          ///< Place of its first byte in the stream.
  uint64_t size = 0;        ///< Bytes that were read from the upstream for it.
  core::payload bytes;      ///< Null in the last part.
  std::string content_type; ///< Only in the first part.
  bool end = false;         ///< Nothing follows. The report says how it ended.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stream_part& x) {
  return f(caf::meta::type_name("penstock.stream_part"), x.key, x.at, x.size, x.bytes,
           x.content_type, x.end);
}

/// The one who waits for a live request, in the process of the head. Its functions are called by
/// the live desk and must not block.
class live_waiter {
public:
  virtual ~live_waiter() = default;
  /// The answer is a stream, and this is its next part. @param taken Tells how many bytes have
  /// reached the client; any thread may call it.
  virtual void part(const stream_part& p, std::function<void(uint64_t)> taken) = 0;
  /// The request has ended. After parts: the stream has ended.
  virtual void ended(const core::outcome& o) = 0;
};

/// A live request for the desk.
struct live_request {
  uint64_t id = 0; ///< Chosen by the caller; unique in the process.
  std::string tenant;
  core::priority priority = core::priority::interactive;
  shared_request what;
  bool streams = false;
  caf::timespan patience{}; ///< How long it may wait for a slot.
  std::shared_ptr<live_waiter> waiter;
};

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::live_request)
