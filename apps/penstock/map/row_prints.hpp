#pragma once

#include "core/base/checksum.hpp"
#include "core/io/document/document_print.hpp"
#include "core/io/document/document_reader.hpp"
#include "core/map/map_print.hpp"
#include "core/recipe/recipe.hpp"

#include <string>
#include <vector>

namespace penstock::cli {

/// What the stages of a recipe ask for a row, documents included: by it answers are found again.
/// One thread at a time.
class row_prints {
public:
  /// @param recipe Must outlive it. @param documents How they are read, by stage.
  row_prints(const core::recipe& recipe, core::print_context context,
             std::vector<io::document_options> documents)
      : recipe_{recipe}, context_{std::move(context)}, documents_{std::move(documents)} {}

  /// What a stage asks. @returns an error if no request can be made of the row.
  result<core::stage_print> print(const core::row_scope& scope, uint32_t stage);
  /// By what a row of the input is found again.
  core::row_keys keys(const core::table_row& row, const core::row_scope& scope) const;
  /// Takes in how the documents of a row stand.
  void note_documents(const core::row_scope& scope);
  /// Sizes and times of all documents noted so far; empty: the recipe has none.
  std::string documents() const;

  const std::vector<io::document_options>& options() const noexcept { return documents_; }
  const core::print_context& context() const noexcept { return context_; }

private:
  const core::recipe& recipe_;
  core::print_context context_;
  std::vector<io::document_options> documents_;
  io::document_hashes hashes_;
  core::running_checksum stamps_;
  bool noted_ = false;
};

} // namespace penstock::cli
