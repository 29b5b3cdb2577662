#pragma once

#include "core/protocol/chat_request.hpp"
#include "core/protocol/embedding_shape.hpp"

namespace penstock::core {

/// `chat` as a body for `:generateContent`, without the model.
/// @returns bad_request for members that Gemini cannot express.
result<boost::json::object> gemini_request(const chat_request& chat);

/// The body for `:embedContent`, or for `:batchEmbedContents` if the input came as a list.
boost::json::object gemini_embedding(const embedding_request& asked);

/// "gemini-3-flash" as a path: "models/gemini-3-flash", percent-encoded where needed.
/// @returns invalid_input for a name that would change the rest of the path.
result<std::string> gemini_model_path(std::string_view model);

} // namespace penstock::core
