#pragma once

#include <string_view>

namespace penstock::core {

/// Why a request may not be sent to `url`, for a text after "url "; empty: it may. A url is a path
/// that is appended to the base URL of an upstream. It must stay below this base URL for every
/// server and proxy that normalizes it: no "..", no empty part, no backslash, no fragment, and
/// none of these in percent form. After "?" all is allowed that a URL may contain.
std::string_view url_path_fault(std::string_view url) noexcept;

} // namespace penstock::core
