#pragma once

#include "core/base/request.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// What decides besides the request's own bytes whether two requests may share an answer.
struct cache_scope {
  std::string_view tenant; ///< Tenants never see each other's answers.
  std::string_view family; ///< Upstreams that give the same answers: host and path of the base URL.
  std::string_view protocol; ///< The upstream's wire language.
};

/// Top-level members of a body that change how an answer is delivered, billed or filed, but not the
/// answer. Two bodies that differ in nothing else are equal to the cache.
inline constexpr std::array<std::string_view, 9> insignificant_members{
  "metadata",
  "model", // The request has the one that counts.
  "prompt_cache_key",
  "prompt_cache_retention",
  "safety_identifier",
  "store",
  "stream",
  "stream_options",
  "user",
};

/// `body` as text that is equal for equal JSON: members in order of their names (of twins the last,
/// as parsers have it), no white space, one way to write each string and number; without the
/// insignificant members. @returns nothing if it is no JSON object, or nested too deeply.
std::optional<std::string> canonical_body(std::string_view body);

/// The text whose hash is the key of `req`: its scope, method, path, model and canonical body.
/// @returns nothing for what is not to be cached: no POST, no JSON object.
std::optional<std::string> cache_text(const cache_scope& scope, const request& req);

/// The family of a base URL: host, port and path, without the scheme; equal hosts in other case are
/// equal.
std::string cache_family(std::string_view base_url);

/// Whether `body`, the body of a completed outcome, is a whole answer that an equal request would
/// get again: not cut by a length, not refused, not filtered, not incomplete. Knows the words of
/// all protocols; a body that says nothing about its end (an embedding) is whole.
bool is_whole_answer(std::string_view body);

} // namespace penstock::core
