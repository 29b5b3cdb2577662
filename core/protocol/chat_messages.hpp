#pragma once

#include "core/protocol/chat_request.hpp"

namespace penstock::core {

/// Reads the `messages` of a chat in OpenAI's shape. The views of the result point into `list`.
/// @returns invalid_input that names the place.
result<std::vector<chat_message>> read_chat_messages(const boost::json::value& list);

} // namespace penstock::core
