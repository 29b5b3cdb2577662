#pragma once

#include "core/base/request.hpp"

#include <cstdint>

namespace penstock::core {

/// The form that the answers to the requests of a pack must have.
enum class answer_form : uint8_t {
  text,        ///< Any text.
  json_object, ///< A text that is a JSON object.
  json_schema, ///< JSON of the schema that all requests of the pack ask for.
};

/// Properties of a request that decide which requests may share a prompt with it.
struct pack_traits {
  /// Equal for requests that differ only in the user's text and the output maximum. It is a hash,
  /// so `compose_pack` compares the requests themselves too.
  uint64_t key = 0;
  uint32_t shared_bytes = 0;      ///< Bytes of the body without that text. A pack has them once.
  uint32_t text_bytes = 0;        ///< Bytes of that text.
  uint32_t output_tokens_max = 0; ///< 0: the request sets none.
};

/// Output tokens assumed for a request that sets no maximum.
inline constexpr uint32_t pack_output_assumed = 256;
/// Tokens that an entry costs in each direction, in addition to its text and its answer.
inline constexpr uint32_t pack_entry_tokens = 32;

/// Reads the traits of `req`. A request can be packed if it is a chat completion in OpenAI's form,
/// with system or developer messages and one last user message of plain text, and if its parameters
/// mean the same for a pack as for one request. So it must have no tools, images, files, stop
/// sequences, log probabilities, streams or several choices, and no parameter unknown to us.
/// @returns `errc::not_packable` with the reason.
result<pack_traits> read_pack_traits(const request& req);

/// Tokens that `t` adds to a pack: text, answer, id and check.
uint64_t entry_tokens(const pack_traits& t) noexcept;
/// Tokens of a pack before its first entry.
uint64_t shared_tokens(const pack_traits& t) noexcept;

} // namespace penstock::core
