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
/// Texts are JSON strings, so that a text cannot pose as another entry. Ids and checks are drawn
/// from a seed, so that a text cannot know the ids of other entries. An answer counts only if it
/// has the id and the check of the same entry, and each of them stands exactly once in the whole
/// reply. If the answer of an entry is missing, repeated, swapped or cut, the entry has no answer,
/// and the request is sent again in a smaller pack. A check cannot detect a model that answers the
/// wrong question under the right id and check: for that, canaries compare a share of the answers.

/// How a pack tells the model the form of the reply.
enum class pack_style : uint8_t {
  schema, ///< By the instruction and the provider's structured output.
  plain,  ///< By the instruction only. Code fences and words around the JSON are allowed.
};

/// One request of a pack.
struct pack_entry {
  uint64_t index = 0;      ///< Of the request in its job.
  std::string id;          ///< Its id in prompt and reply.
  std::string check;       ///< The reply must repeat it beside the id.
  uint32_t text_bytes = 0; ///< Size of its text, for its share of the cost.
};

/// A pack that is ready to be sent.
struct pack {
  request what;                    ///< The packed request, with index and names of the first entry.
  std::vector<pack_entry> entries; ///< In the order of `members`.
  answer_form form = answer_form::text;
  pack_style style = pack_style::schema;
  std::string schema_type;           ///< The "type" of the schema of an answer, if it has one.
  std::vector<std::string> required; ///< Members of each answer that the schema requires.
};

/// Makes one prompt of `members`. @param seed A number that the authors of the texts cannot guess.
/// @pre `members` is not empty.
/// @returns `errc::not_packable` if a member cannot be packed with the first one, or if the members
/// ask for a schema and `style` is `plain`.
result<pack> compose_pack(std::span<const request* const> members, pack_style style, uint64_t seed);

/// The answer to one entry.
struct pack_answer {
  std::string body; ///< A complete chat completion, on one line.
  usage used;       ///< Its share. The shares of all answers add up to the usage of the pack.
};

/// The reply to a pack, split into answers.
struct pack_reply {
  std::vector<std::optional<pack_answer>> answers; ///< By entry.
  size_t right = 0;                                ///< Number of entries that have an answer.
  errc code = errc::pack_mismatch; ///< Why an answer is missing; `bad_request`: the model refused.
  std::string fault;               ///< The same for people; empty if no answer is missing.
};

/// Splits the reply to `sent` into answers. @param body The chat completion.
/// @param used The usage that the provider counted.
pack_reply take_apart(const pack& sent, std::string_view body, const usage& used);

/// An entry as written in a prompt.
struct prompt_entry {
  std::string id, check, text;
};

/// Reads the entries out of a user message that `compose_pack` wrote; nullopt for any other text.
std::optional<std::vector<prompt_entry>> read_pack_prompt(std::string_view user_text);

/// Splits `total` by `weights` into whole numbers with that sum. A weight of zero gets nothing. If
/// all weights are zero, the shares are even.
std::vector<uint64_t> share_out(uint64_t total, std::span<const uint64_t> weights);

} // namespace penstock::core
