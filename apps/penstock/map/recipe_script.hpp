#pragma once

#include "apps/penstock/map/map_input.hpp"
#include "core/io/document/document_reader.hpp"
#include "core/map/map_script.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

/// A recipe over a table, as the hub of a map wants it.
class recipe_script final : public core::map_script {
public:
  /// @param model_default For stages that name no model. @param pdf_native Whether every upstream
  /// takes PDF files.
  static result<std::unique_ptr<recipe_script>> open(const core::recipe& recipe,
                                                     const map_input& input, const map_scan& scan,
                                                     core::table_format output,
                                                     std::string model_default, bool pdf_native);

  /// Counts the cells of the output that a spreadsheet would run as formulas, from now on.
  std::shared_ptr<const std::atomic<uint64_t>> formulas() const { return formulas_; }

  result<bool> next(core::map_row& row) override;
  result<core::request> compose(core::map_row& row, uint32_t stage,
                                const core::map_correction* correction,
                                std::string custom_id) override;
  result<core::stage_answer> accept(uint32_t stage, std::string_view body) override;
  std::string words_of(std::string_view body) override;
  std::string_view stage_name(uint32_t stage) const override;
  std::string head() const override;
  void append_row(std::string& out, const core::map_row& row, const error* failure) const override;

private:
  recipe_script(const core::recipe& recipe, const map_scan& scan, bool marked,
                io::table_reader reader, core::table_format output);

  const core::recipe& recipe_;
  const map_scan& scan_;
  bool marked_; ///< The input begins with a byte order mark.
  io::table_reader reader_;
  core::table_format output_;
  std::shared_ptr<std::atomic<uint64_t>> formulas_ = std::make_shared<std::atomic<uint64_t>>(0);
  std::string model_default_;
  std::vector<core::output_column> columns_;
  std::vector<std::string> names_;
  std::vector<io::document_options> documents_; ///< By stage.
};

} // namespace penstock::cli
