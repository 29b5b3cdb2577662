#include "core/io/store/cache_key.hpp"

#include "core/io/file/content_hash.hpp"

namespace penstock::io {

std::string cache_key(const core::cache_scope& scope, const core::request& req) {
  const auto text = core::cache_text(scope, req);
  if (!text)
    return {};
  content_hash hash;
  hash.update(*text);
  return hash.hex();
}

} // namespace penstock::io
