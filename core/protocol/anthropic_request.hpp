#pragma once

#include "core/protocol/chat_request.hpp"

namespace penstock::core {

/// `chat` as a body for `/v1/messages`.
/// @returns bad_request for members that Anthropic cannot express.
result<boost::json::object> anthropic_request(const chat_request& chat);

} // namespace penstock::core
