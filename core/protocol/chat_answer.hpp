#pragma once

#include "core/base/request.hpp"

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// One choice of a neutral answer.
struct chat_choice {
  std::optional<std::string> content; ///< Unset: null, as beside calls and refusals.
  std::string refusal;                ///< Empty: null.
  std::string reasoning;              ///< Goes along as `reasoning_content` if there is any.
  boost::json::array calls;           ///< Of `call_object`.
  std::string_view finish = "stop";   ///< stop, length, tool_calls or content_filter.
};

/// What a provider answered to a chat, in the words of OpenAI.
struct chat_answer {
  std::string id;
  int64_t created = 0; ///< Seconds since 1970; 0 where the provider does not say.
  std::string_view model;
  std::vector<chat_choice> choices;
};

/// One entry of `tool_calls`; `arguments` becomes JSON text. An empty `id` becomes "call_N".
boost::json::object call_object(std::string_view id, size_t number, std::string_view name,
                                const boost::json::value* arguments);

/// The body of a chat completion on one line; `usage` is left out if it is not known.
std::string write_chat_answer(const chat_answer& answer, const usage& used);

/// What `reply_judge` is given is the body of a whole 2xx; so is this: its object, or nullopt.
std::optional<boost::json::object> answer_object(std::string_view body);

} // namespace penstock::core
