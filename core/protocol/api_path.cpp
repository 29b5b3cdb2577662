#include "core/protocol/api_path.hpp"
#include "core/base/text.hpp"

namespace penstock::core {

std::string_view bare_path(std::string_view url) noexcept {
  url = url.substr(0, url.find('?'));
  while (url.ends_with('/'))
    url.remove_suffix(1);
  return url;
}

api_path api_path_of(std::string_view url) noexcept {
  const auto path = bare_path(url);
  if (path.ends_with("/chat/completions"))
    return api_path::chat;
  if (path == "/v1/messages" || path.starts_with("/v1/messages/"))
    return api_path::anthropic;
  if (path == "/api/chat" || path == "/api/generate" || path == "/api/embed")
    return api_path::ollama;
  const auto last = path.substr(std::min(path.rfind('/'), path.size()));
  const bool of_model =
    path.find("/models/") != path.npos || path.find("/tunedModels/") != path.npos;
  if (of_model && last.find(':') != last.npos)
    return api_path::gemini;
  return path.ends_with("/embeddings") ? api_path::embeddings : api_path::other;
}

error wrong_path(std::string_view protocol, std::string_view url, std::string_view served) {
  const auto path = api_path_of(url);
  const auto owner = path == api_path::anthropic ? "anthropic"
                     : path == api_path::gemini  ? "gemini"
                     : path == api_path::ollama  ? "ollama"
                                                 : "openai";
  return {errc::bad_request, "url \"" + clean_text(url, 200) + "\" is not one of the protocol \"" +
                               std::string{protocol} + "\": use " + std::string{served} +
                               ", or an upstream whose protocol is \"" + owner + '"'};
}

} // namespace penstock::core
