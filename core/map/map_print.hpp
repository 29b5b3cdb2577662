#pragma once

#include "core/jsonl/row_match.hpp"
#include "core/recipe/recipe.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace penstock::core {

/// What a stage asks for a row: an answer to the same print can be kept.
struct stage_print {
  uint64_t asks = 0;     ///< Checksum over the request, its documents by name; never zero.
  std::string documents; ///< Hash over the bytes of its documents; empty: it has none.
  bool readable = true;  ///< False: a document is not there any more, `documents` says nothing.
};

/// Whether an answer to `kept` is one to `now`: the same words, parameters, schema and names, and
/// the same bytes of documents. A document that is gone does not take a paid answer away.
bool is_same(const stage_print& now, uint64_t kept_asks, std::string_view kept_documents) noexcept;

/// What shapes all requests besides recipe and rows.
struct print_context {
  std::string protocol; ///< Of the upstream.
  std::string model;    ///< For stages that name none.
};

/// The checksum over a stage's request, with the names of its documents in the place of their
/// words.
/// @param pdf_as_text Whether the words of PDF documents are taken out.
/// @returns an error if no request can be made of the row.
result<uint64_t> asks_of(const recipe_stage& stage, const row_scope& scope,
                         std::span<const std::string> documents, const print_context& context,
                         bool pdf_as_text);

/// By what a row is found again. The id is the column `id` or `custom_id`, in any case.
/// @param first `asks_of` of its first stage; zero: it cannot be asked.
row_keys keys_of(const recipe& recipe, const row_scope& scope, uint64_t first);

} // namespace penstock::core
