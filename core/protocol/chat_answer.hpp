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
  std::optional<std::string> content; ///< Unset: null, as OpenAI does with calls and refusals.
  std::string refusal;                ///< Empty: null.
  std::string reasoning;              ///< Written as `reasoning_content` unless empty.
  boost::json::array calls;           ///< Entries made by `call_object`.
  std::string_view finish = "stop";   ///< stop, length, tool_calls or content_filter.
};

/// The answer of a provider to a chat, in the shape of OpenAI.
struct chat_answer {
  std::string id;
  int64_t created = 0; ///< Seconds since 1970; 0 if the provider names no time.
  std::string_view model;
  std::vector<chat_choice> choices;
};

/// One entry of `tool_calls`; `arguments` becomes JSON text. An empty `id` becomes "call_N".
boost::json::object call_object(std::string_view id, size_t number, std::string_view name,
                                const boost::json::value* arguments);

/// The body of a chat completion on one line; `usage` is left out if it is not known.
std::string write_chat_answer(const chat_answer& answer, const usage& used);

/// The object in `body`, the body of a complete 2xx. nullopt if it holds none.
std::optional<boost::json::object> answer_object(std::string_view body);

} // namespace penstock::core
