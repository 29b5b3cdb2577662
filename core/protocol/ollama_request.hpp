#pragma once

#include "core/protocol/chat_request.hpp"
#include "core/protocol/embedding_shape.hpp"

namespace penstock::core {

/// `chat` as a body for `/api/chat`.
/// @returns bad_request for members that Ollama cannot express.
result<boost::json::object> ollama_request(const chat_request& chat);

/// The body for `/api/embed`.
boost::json::object ollama_embedding(const embedding_request& asked);

} // namespace penstock::core
