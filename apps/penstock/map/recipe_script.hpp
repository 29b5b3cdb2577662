#pragma once

#include "apps/penstock/map/map_input.hpp"
#include "apps/penstock/map/row_prints.hpp"
#include "core/map/map_script.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace penstock::cli {

/// A recipe over a table, for the hub of a map.
class recipe_script final : public core::map_script {
public:
  /// @param prints Makes the keys of requests; also decides how documents are read.
  static result<std::unique_ptr<recipe_script>> open(const core::recipe& recipe,
                                                     const map_input& input, const map_scan& scan,
                                                     core::table_format output, row_prints& prints);

  /// From now on counts the cells of the output that a spreadsheet would run as formulas.
  std::shared_ptr<const std::atomic<uint64_t>> formulas() const { return formulas_; }

  result<bool> next(core::map_row& row) override;
  result<core::request> compose(core::map_row& row, uint32_t stage,
                                const core::map_correction* correction,
                                std::string custom_id) override;
  result<core::stage_print> print(const core::map_row& row, uint32_t stage) override;
  result<core::stage_answer> accept(uint32_t stage, std::string_view body) override;
  std::string words_of(std::string_view body) override;
  std::string_view stage_name(uint32_t stage) const override;
  std::string head() const override;
  void append_row(std::string& out, const core::map_row& row, const error* failure) const override;

private:
  recipe_script(const core::recipe& recipe, const map_scan& scan, bool marked,
                io::table_reader reader, core::table_format output, row_prints& prints);

  const core::recipe& recipe_;
  const map_scan& scan_;
  bool marked_; ///< The input begins with a byte order mark.
  io::table_reader reader_;
  core::table_format output_;
  row_prints& prints_;
  std::shared_ptr<std::atomic<uint64_t>> formulas_ = std::make_shared<std::atomic<uint64_t>>(0);
  std::vector<core::output_column> columns_;
  std::vector<std::string> names_;
};

} // namespace penstock::cli
