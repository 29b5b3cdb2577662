#include "core/protocol/api_path.hpp"
#include "core/base/glob.hpp"
#include "core/base/text.hpp"
#include "core/protocol/protocol_info.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// The protocol whose own API `path` belongs to, or null.
const protocol_info* owner_of(std::string_view path) noexcept {
  for (auto& row : all_protocols())
    if (row.is_own_path && row.is_own_path(path))
      return &row;
  return nullptr;
}

/// Whether the part of a path before a known ending has no folder for files, jobs or
/// administration. Gateways and deployments put names of their own there.
bool is_prefix(std::string_view start) noexcept {
  for (std::string_view folder : {"/files", "/uploads", "/batches", "/fine_tuning", "/organization",
                                  "/admin", "/vector_stores", "/threads", "/assistants", "/evals"})
    if (const auto at = find_nocase(start, folder);
        at != start.npos &&
        (at + folder.size() == start.size() || start[at + folder.size()] == '/'))
      return false;
  return true;
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

bool is_known_path(std::string_view url) noexcept {
  constexpr std::string_view endings[] = {
    "/chat/completions",
    "/embeddings",
    "/completions",
    "/responses",
    "/moderations",
    "/responses/input_tokens",
    "/images/generations",
    "/audio/speech",
    "/rerank",
    "/score",
    "/classify",
  };
  const auto path = bare_path(url);
  return owner_of(path) || std::ranges::any_of(endings, [&](auto end) {
           const auto start = path.substr(0, path.size() - std::min(path.size(), end.size()));
           return path.ends_with(end) && (start.empty() || is_prefix(start));
         });
}

bool is_allowed_path(std::string_view url, std::string_view paths) noexcept {
  if (is_known_path(url))
    return true;
  const auto path = bare_path(url);
  while (!paths.empty()) {
    const auto comma = std::min(paths.find(','), paths.size());
    if (const auto pattern = trim(paths.substr(0, comma));
        !pattern.empty() && glob_match(pattern, path))
      return true;
    paths.remove_prefix(std::min(comma + 1, paths.size()));
  }
  return false;
}

error path_refused(std::string_view url) {
  return {errc::invalid_input, "url \"" + clean_text(url, 200) +
                                 "\" is no path for requests that Penstock knows. If requests may "
                                 "be sent there, allow it: --paths \"" +
                                 clean_text(bare_path(url), 200) + "\" (upstream.paths)"};
}

error wrong_path(const protocol_info& row, std::string_view url) {
  const auto* owner = owner_of(bare_path(url));
  return {errc::bad_request, "url \"" + clean_text(url, 200) + "\" is not one of the protocol \"" +
                               std::string{row.name} + "\": use " + std::string{row.paths} +
                               ", or an upstream whose protocol is \"" +
                               std::string{(owner ? *owner : all_protocols().front()).name} + '"'};
}

} // namespace penstock::core
