#pragma once

#include "core/base/request.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// Values that must be equal, in addition to the bytes of two requests, so that they may share an
/// answer.
struct cache_scope {
  std::string_view tenant; ///< Tenants never see each other's answers.
  std::string_view family; ///< Upstreams that give the same answers: host and path of the base URL.
  std::string_view protocol; ///< Name of the protocol of the upstream.
};

/// Top-level members of a body that change how an answer is delivered, billed or filed, but not the
/// answer. For the cache, two bodies that differ only in these are equal.
inline constexpr std::array<std::string_view, 9> insignificant_members{
  "metadata",
  "model", // The model is in the request.
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
  "store",
  "stream",
  "stream_options",
  "user",
};

/// `body` as a text that is equal for equal JSON. Members are sorted by name; of two with one name
/// the last counts, as in parsers. There is no white space, and one way to write each string and
/// number. Insignificant members are left out. @returns nullopt if it is not a JSON object, or
/// nested too deeply.
std::optional<std::string> canonical_body(std::string_view body);

/// The text whose hash is the key of `req`. It holds scope, method, path, model and canonical body.
/// @returns nullopt for a request that cannot be cached: not a POST, or not a JSON object.
std::optional<std::string> cache_text(const cache_scope& scope, const request& req);

/// The family of a base URL: host, port and path, without the scheme; the case of the host does not
/// matter.
std::string cache_family(std::string_view base_url);

/// Whether `body`, the body of a completed outcome, is a complete answer: not cut by a length, not
/// refused, not filtered. Knows the finish reasons of all protocols. A body without a finish reason
/// (an embedding) is complete.
bool is_whole_answer(std::string_view body);

} // namespace penstock::core
