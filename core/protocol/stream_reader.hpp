#pragma once

#include "core/base/request.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Reads a stream of server-sent events in the forms of OpenAI (chats, completions, responses) and
/// Anthropic: cuts it into events, and learns usage, errors and the end. Bytes may come in any
/// pieces.
/// Sources: the event stream format of the HTML standard; OpenAI's and Anthropic's references of
/// streaming.
class stream_reader {
public:
  /// One event with the empty line at its end.
  struct event {
    std::string text;
    bool has_data = false;   ///< It is more than a comment.
    bool is_error = false;   ///< The provider says that it failed.
    bool only_usage = false; ///< A chunk of OpenAI that has usage and no choice.
  };

  /// Takes bytes. @returns the events that are complete now.
  std::vector<event> take(std::string_view bytes);
  /// The bytes of an event that is not complete.
  const std::string& rest() const noexcept { return rest_; }
  /// Whether the mark of the end has come: "[DONE]", "message_stop" or "response.completed".
  bool has_ended() const noexcept { return ended_; }
  /// The JSON of the first error, or empty.
  const std::string& error() const noexcept { return error_; }
  const usage& used() const noexcept { return used_; }

private:
  event read(std::string text);

  std::string rest_;
  size_t looked_at_ = 0; ///< Bytes of `rest_` without the end of an event.
  bool ended_ = false;
  std::string error_;
  usage used_;
};

/// The data of an event: its "data:" lines, joined by line breaks.
std::string event_data(std::string_view event);

} // namespace penstock::core
