#pragma once

#include "core/jsonl/row_match.hpp"
#include "core/recipe/recipe.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace penstock::core {

/// Identifies the request of a stage for a row: an answer to an equal request can be kept.
struct stage_print {
  uint64_t asks = 0;     ///< Checksum over the request, its documents by name; never zero.
  std::string documents; ///< Hash over the bytes of its documents; empty: it has none.
  bool readable = true;  ///< False: a document cannot be read, so `documents` is not valid.
};

/// Whether a kept answer belongs to this request: the same text, parameters, schema and names, and
/// the same bytes of documents. If a document was deleted, the paid answer is kept.
bool is_same(const stage_print& now, uint64_t kept_asks, std::string_view kept_documents) noexcept;

/// What the requests depend on besides recipe and row.
struct print_context {
  std::string protocol; ///< Of the upstream.
  std::string model;    ///< For stages that name none.
};

/// The checksum of a stage's request, with the names of its documents instead of their content.
/// @param pdf_as_text Whether the words of PDF documents are taken out.
/// @returns an error if no request can be made of the row.
result<uint64_t> asks_of(const recipe_stage& stage, const row_scope& scope,
                         std::span<const std::string> documents, const print_context& context,
                         bool pdf_as_text);

/// The keys for `match_rows`. The id is the column `id` or `custom_id`, in any case.
/// @param first `asks_of` of its first stage; zero: it cannot be asked.
row_keys keys_of(const recipe& recipe, const row_scope& scope, uint64_t first);

} // namespace penstock::core
