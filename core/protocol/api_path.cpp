#include "core/protocol/api_path.hpp"
#include "core/base/text.hpp"
#include "core/protocol/protocol_info.hpp"

namespace penstock::core {

namespace {

/// The protocol whose own API `path` belongs to, or null.
const protocol_info* owner_of(std::string_view path) noexcept {
  for (auto& row : all_protocols())
    if (row.is_own_path && row.is_own_path(path))
      return &row;
  return nullptr;
}

} // namespace

std::string_view bare_path(std::string_view url) noexcept {
  url = url.substr(0, url.find('?'));
  while (url.ends_with('/'))
    url.remove_suffix(1);
  return url;
}

api_path api_path_of(std::string_view url, const protocol_info& row) noexcept {
  const auto path = bare_path(url);
  if (path.ends_with("/chat/completions"))
    return api_path::chat;
  if (const auto* owner = owner_of(path))
    return owner->name == row.name ? api_path::own : api_path::foreign;
  return path.ends_with("/embeddings") ? api_path::embeddings : api_path::other;
}

error wrong_path(const protocol_info& row, std::string_view url) {
  const auto* owner = owner_of(bare_path(url));
  return {errc::bad_request, "url \"" + clean_text(url, 200) + "\" is not one of the protocol \"" +
                               std::string{row.name} + "\": use " + std::string{row.paths} +
                               ", or an upstream whose protocol is \"" +
                               std::string{(owner ? *owner : all_protocols().front()).name} + '"'};
}

} // namespace penstock::core
