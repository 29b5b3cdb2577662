#include "core/protocol/openai_url.hpp"
#include "core/base/text.hpp"
#include "core/base/url_path.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

/// Characters that are not allowed in a URL: they would break the request line, or end the URL.
bool is_url_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

/// "v1", "v1beta", "v4".
bool is_version(std::string_view segment) noexcept {
  return segment.size() >= 2 && segment[0] == 'v' && segment[1] >= '1' && segment[1] <= '9';
}

/// Whether a segment after the host is a version.
bool has_version(std::string_view url) noexcept {
  auto at = url.find('/', url.find("://") + 3);
  while (at != url.npos) {
    const auto next = url.find('/', at + 1);
    if (is_version(url.substr(at + 1, next == url.npos ? next : next - at - 1)))
      return true;
    at = next;
  }
  return false;
}

} // namespace

result<std::string> join_url(std::string_view base_url, std::string_view path) {
  auto base = trim(base_url);
  std::string_view query;
  if (const auto mark = base.find('?'); mark != base.npos) {
    query = base.substr(mark + 1);
    base = base.substr(0, mark);
  }
  const auto scheme = base.find("://");
  const bool http = find_nocase(base, "http://") == 0 || find_nocase(base, "https://") == 0;
  if (!http || !is_url_text(base) || !is_url_text(query) || base.size() <= scheme + 3 ||
      base[scheme + 3] == '/')
    return error{errc::invalid_config, "upstream.base_url must be an http or https URL, is \"" +
                                         clean_text(base_url, 200) + '"'};
  if (const auto fault = url_path_fault(path); !fault.empty())
    return error{errc::invalid_input,
                 "url \"" + clean_text(path, 200) + "\" " + std::string{fault}};
  while (base.ends_with('/'))
    base.remove_suffix(1);
  for (std::string_view version : {"/v1", "/v1beta"})
    if (has_version(base) && path.starts_with(version) &&
        path.substr(version.size()).starts_with('/')) {
      path.remove_prefix(version.size());
      break;
    }
  std::string url;
  url.reserve(base.size() + path.size() + query.size() + 1);
  url.append(base).append(path);
  if (!query.empty())
    url.append(path.find('?') == path.npos ? "?" : "&").append(query);
  return url;
}

} // namespace penstock::core
