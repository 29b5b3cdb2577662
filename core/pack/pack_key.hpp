#pragma once

#include "core/base/request.hpp"

#include <cstdint>

namespace penstock::core {

/// What the answers to the requests of a pack must be.
enum class answer_form : uint8_t {
  text,        ///< Any text.
  json_object, ///< A text that is a JSON object.
  json_schema, ///< A text that is JSON of the schema that all its requests ask for.
};

/// What decides with which other requests one may share a prompt.
struct pack_traits {
  /// Equal for requests that differ in nothing but the text of the user and the output maximum. A
  /// hash: `compose_pack` compares what is behind it.
  uint64_t key = 0;
  uint32_t shared_bytes = 0;      ///< Of the body without that text: a pack has it once.
  uint32_t text_bytes = 0;        ///< Of that text.
  uint32_t output_tokens_max = 0; ///< 0: the request sets none.
};

/// Output assumed of a request that sets no maximum.
inline constexpr uint32_t pack_output_assumed = 256;
/// Tokens that an entry costs beside its text and its answer, in each direction.
inline constexpr uint32_t pack_entry_tokens = 32;

/// Reads what packing has to know of `req`. Only a chat completion in the OpenAI shape can be
/// packed, made of system or developer messages and one last message of plain text from the user,
/// whose parameters mean the same for a pack as for one request: no tools, images or files, no stop
/// sequences, log probabilities, streams or several choices, and no parameter unknown to us.
/// @returns `errc::not_packable` with the reason.
result<pack_traits> read_pack_traits(const request& req);

/// Tokens that `t` adds to a pack: text, answer, and what stands around them.
uint64_t entry_tokens(const pack_traits& t) noexcept;
/// Tokens of a pack before its first entry.
uint64_t shared_tokens(const pack_traits& t) noexcept;

} // namespace penstock::core
