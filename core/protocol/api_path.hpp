#pragma once

#include "core/base/error.hpp"

#include <string_view>

namespace penstock::core {

/// Whose language the path of a request belongs to.
enum class api_path : uint8_t {
  chat,       ///< ".../chat/completions": the neutral form of a chat, which every protocol takes.
  embeddings, ///< ".../embeddings": the neutral form of embeddings.
  anthropic,  ///< "/v1/messages" and below.
  gemini,     ///< ".../models/M:generateContent" and the other methods of a model.
  ollama,     ///< "/api/chat", "/api/generate", "/api/embed".
  other,      ///< Anything else: OpenAI's and those of servers like it.
};

/// `url` without query and slashes at its end.
std::string_view bare_path(std::string_view url) noexcept;

/// Classifies the path of a request.
api_path api_path_of(std::string_view url) noexcept;

/// The error for a request that names a path which `protocol` does not serve; says which protocol
/// does, or else which paths there are. @param served for example "/v1/chat/completions or
/// /v1/messages".
error wrong_path(std::string_view protocol, std::string_view url, std::string_view served);

} // namespace penstock::core
