#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace penstock::core {

/// The address for a request: `base_url` and the request's path without doubling the version.
/// - "https://api.openai.com/v1" and "/v1/embeddings" make "https://api.openai.com/v1/embeddings";
/// - "http://localhost:8000" and "/v1/embeddings" make "http://localhost:8000/v1/embeddings";
/// - "https://host/v1beta" and "/v1beta/models/m:generateContent" keep one version, too;
/// - any base with a version of its own keeps that one: ".../v1beta/openai/", ".../api/paas/v4".
/// A query of the base ("?api-version=1") stays at the end.
/// @returns invalid_config for a base that is not an http(s) URL, invalid_input for an invalid
/// path, because a request must not choose the host that gets the key.
result<std::string> join_url(std::string_view base_url, std::string_view path);

} // namespace penstock::core
