#pragma once

#include "core/api/api_error.hpp"
#include "core/base/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace penstock::core {

/// A live request: somebody waits for its answer.
struct live_call {
  request what;
  priority as = priority::interactive;
  bool streams = false;     ///< The caller asked for a stream.
  bool wants_usage = false; ///< The caller asked for the usage of its stream.
  bool adds_usage = false; ///< We asked the upstream for the usage of a stream; the caller did not.
};

/// Reads a live request.
/// @param target Path and query of the call. @param priority_text The header
/// `x-penstock-priority`; empty: interactive.
std::variant<live_call, api_failure> read_live_call(std::string_view target, std::string body,
                                                    std::string_view priority_text);

/// The answer to a live request, or to a part of it.
struct live_answer {
  int status = 200;
  std::string body;
  std::optional<uint32_t> retry_after;
};

/// The answer of a finished request, in the dialect of its path. An error of the provider keeps its
/// body, if it is a JSON object; other failures get one of ours.
live_answer answer_of(api_dialect dialect, const outcome& o, std::string_view request_id);

/// A whole chat answer as the stream that its client asked for, in one piece: for providers whose
/// streams have another form than the path of the request. nullopt: it is no chat answer.
std::optional<std::string> chat_as_stream(std::string_view body, bool with_usage);

/// The last event of a stream that broke after its begin.
std::string broken_stream(api_dialect dialect, const api_failure& why, std::string_view request_id);

} // namespace penstock::core
