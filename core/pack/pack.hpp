#pragma once

#include "core/pack/pack_key.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// A pack is one chat completion whose user message holds several requests as a JSON document:
///
///   <instruction on one line>
///   {"entries":[{"id":"1-k3fd9q","check":"w8xt2m","text":"..."},{"id":"2-...", ...}]}
///
/// and whose answer is
///
///   {"answers":[{"id":"1-k3fd9q","check":"w8xt2m","answer":"..."},{"id":"2-...", ...}]}
///
/// Texts are JSON strings, so none can break out of its place. Ids and checks are drawn from a
/// seed, so no text can name those of another entry. An answer counts only with the id and the
/// check of the same entry, each of them exactly once in the whole reply; whatever else a model
/// makes of it (missing, repeated, added, swapped, torn) leaves that entry without an answer, and
/// the entry is asked again in a smaller pack. What no check can see is a model that answers the
/// wrong question under the right id and check: the canary compares a share of the answers for
/// that.

/// How the form of the reply is asked for.
enum class pack_style : uint8_t {
  schema, ///< By the provider's structured output, besides the instruction.
  plain,  ///< By the instruction alone; fences and words around the JSON are tolerated.
};

/// One request of a pack.
struct pack_entry {
  uint64_t index = 0;      ///< Of the request in its job.
  std::string id;          ///< In prompt and reply.
  std::string check;       ///< Must come back with the id.
  uint32_t text_bytes = 0; ///< Its share of the input.
};

/// A pack, ready to be sent.
struct pack {
  request what;                    ///< To send: index and names are those of the first entry.
  std::vector<pack_entry> entries; ///< In the order given.
  answer_form form = answer_form::text;
  pack_style style = pack_style::schema;
  std::string schema_type;           ///< Of each answer, if `form` is json_schema and names one.
  std::vector<std::string> required; ///< Members of each answer that the schema requires.
};

/// Makes one prompt of `members`. @param seed Not to be guessed by whoever wrote the texts.
/// @pre `members` is not empty.
/// @returns `errc::not_packable` if one of them cannot be packed with the first one, or if the
/// members ask for a schema and `style` has none.
result<pack> compose_pack(std::span<const request* const> members, pack_style style, uint64_t seed);

/// The answer to one entry.
struct pack_answer {
  std::string body; ///< A chat completion of its own, on one line.
  usage used;       ///< Its share; the shares of all answers add up to the whole.
};

/// A reply, taken apart.
struct pack_reply {
  std::vector<std::optional<pack_answer>> answers; ///< By entry.
  size_t right = 0;                                ///< How many have one.
  errc code = errc::pack_mismatch; ///< Why not all; refused packs are `bad_request`.
  std::string fault;               ///< The same for people; empty if all have one.
};

/// Takes the reply to `sent` apart. @param body The chat completion that came back.
/// @param used What the provider counted for it.
pack_reply take_apart(const pack& sent, std::string_view body, const usage& used);

/// An entry as it stands in a prompt.
struct prompt_entry {
  std::string id, check, text;
};

/// Reads the entries out of a user message that `compose_pack` wrote; nullopt for any other text.
std::optional<std::vector<prompt_entry>> read_pack_prompt(std::string_view user_text);

/// Splits `total` by `weights` into whole shares that add up to it. Weights of zero get nothing,
/// unless all are zero: then the shares are even.
std::vector<uint64_t> share_out(uint64_t total, std::span<const uint64_t> weights);

} // namespace penstock::core
