#pragma once

#include "core/base/error.hpp"

#include <string_view>

namespace penstock::core {

struct protocol_info;

/// The kind of the path of a request, for one protocol.
enum class api_path : uint8_t {
  chat,       ///< ".../chat/completions": a chat in OpenAI's shape. Every protocol accepts it.
  embeddings, ///< ".../embeddings": embeddings in OpenAI's shape.
  own,        ///< A path of the protocol's own API, such as "/v1/messages" for Anthropic.
  foreign,    ///< A path of another provider's own API.
  other,      ///< Any other path: of OpenAI, or of a server like it.
};

/// `url` without its query and without slashes at its end.
std::string_view bare_path(std::string_view url) noexcept;

/// The kind of path that `url` is for the protocol `row`.
api_path api_path_of(std::string_view url, const protocol_info& row) noexcept;

/// Whether requests may be sent to `url` without the setting `upstream.paths`: chats, embeddings,
/// own paths of any provider, and those paths of OpenAI and servers like it that answer a question
/// (completions, responses, moderations, images, speech, rankings). Never files, jobs or
/// administration.
bool is_known_path(std::string_view url) noexcept;
/// Whether requests may be sent to `url`. @param paths More paths than the known: patterns,
/// separated by commas.
bool is_allowed_path(std::string_view url, std::string_view paths) noexcept;
/// The error for a request whose path is not allowed.
error path_refused(std::string_view url);

/// The error for a request whose path the protocol `row` does not serve. Names the paths that it
/// serves, and the protocol that serves `url`.
error wrong_path(const protocol_info& row, std::string_view url);

} // namespace penstock::core
