#pragma once

#include "core/base/http.hpp"
#include "core/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

// The protocol "null": this process answers requests in OpenAI's shape itself, without HTTP, key or
// cost. It serves to measure everything but the provider, and to test a host program. Its addresses
// have the scheme "null".

/// The base URL of a null upstream that takes `latency` for an answer: "null:20000000".
std::string null_base_url(duration latency);

/// The latency in `url`, or nullopt if it is not the address of a null upstream.
std::optional<duration> null_latency_of(std::string_view url) noexcept;

/// The answer to `call`: a chat completion, text completion or response of a few words, or one
/// short vector for each input of an embedding. Equal requests get equal answers. Tools, formats
/// and packs are ignored, and the body is not checked.
http_response null_answer(const http_request& call);

} // namespace penstock::core
