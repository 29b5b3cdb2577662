#pragma once

#include "core/attempt/cache_key.hpp"

namespace penstock::io {

/// The key of `req` in the response cache: SHA-256 of `core::cache_text`, in hex. Empty: do not
/// cache this request.
std::string cache_key(const core::cache_scope& scope, const core::request& req);

} // namespace penstock::io
