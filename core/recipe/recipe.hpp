#pragma once

#include "core/recipe/document.hpp"
#include "core/recipe/prompt_template.hpp"
#include "core/base/request.hpp"
#include "core/recipe/schema_check.hpp"
#include "core/recipe/table.hpp"
#include "core/recipe/table_writer.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace penstock::core {

/// What becomes of PDF documents.
enum class pdf_mode : uint8_t {
  automatic, ///< As they are where every upstream takes them, else their words.
  native,    ///< As they are.
  text,      ///< Their words.
};

/// One prompt over every row.
struct recipe_stage {
  std::string name;                   ///< Unique; `{{name.text}}` for later stages.
  prompt_template system;             ///< Empty: no system message.
  prompt_template prompt;             ///< The user message.
  std::string model;                  ///< Empty: the one of the run.
  boost::json::object parameters;     ///< Members of the body: temperature, max_tokens, ...
  std::optional<schema_check> schema; ///< What the answer must fit; unset: any text.
  bool schema_in_prompt = false;      ///< Says the schema in words instead of `response_format`.
  uint32_t corrections_max = 2;       ///< Requests more if an answer does not fit.
  std::vector<prompt_template>
    documents; ///< Each renders to file names, one a line; empty ones are none.
  pdf_mode pdf = pdf_mode::automatic; ///< What becomes of PDF documents.
  document_rules rules;               ///< How the words of documents are taken out.
  std::optional<cache_mode> cache;    ///< Unset: as the run.
  std::optional<mode> run_as;         ///< Unset: as the run.
};

/// One column of the output.
struct output_column {
  std::string name;     ///< In the header, or the key of JSONL.
  prompt_template text; ///< A template; its value is a text.
  std::string
    path; ///< Or a path (`grade.score`), whose value keeps its type; used if `text` is empty.
  std::string where; ///< For messages: file, line and key.
};

/// What the row of a failed request holds besides its error.
enum class failed_row : uint8_t {
  partial, ///< Columns as far as stages answered.
  empty,   ///< Only columns that need no stage.
};

/// Whether CSV and TSV begin with a byte order mark, by which Excel knows UTF-8.
enum class mark_mode : uint8_t {
  automatic, ///< Where the input has one.
  always,    ///< Whatever the input has.
  never,     ///< Whatever the input has.
};

/// A piece of work over a table: stages in a row, and what comes out.
struct recipe {
  std::string name;             ///< For people; the file's name if it gives none.
  std::string file;             ///< Where it came from, for messages.
  std::string text;             ///< The bytes of the file and of its schemas, to be hashed.
  prompt_template tenant;       ///< Whose job a row is; empty: all rows are one job.
  std::string documents_folder; ///< Relative to the input's folder; empty: that folder.
  std::vector<std::string>
    input_columns; ///< Names that rows may have beyond those seen at the start.
  std::optional<table_format> input_format;   ///< Unset: as the input's name promises.
  char input_separator = '\0';                ///< Of CSV; zero: to be found.
  std::string input_sheet;                    ///< Of a workbook; empty: the first one.
  std::vector<recipe_stage> stages;           ///< At least one, in their order.
  std::optional<table_format> output_format;  ///< Unset: as the output's name promises, else JSONL.
  std::vector<output_column> columns;         ///< Empty: `default_columns`.
  failed_row failed = failed_row::partial;    ///< What failed rows hold.
  mark_mode mark = mark_mode::automatic;      ///< Of CSV and TSV.
  formula_mode formulas = formula_mode::keep; ///< Of CSV and TSV.
  std::vector<std::string>
    files; ///< The recipe and what it is made of; no output may replace them.
  std::string error_column = "error"; ///< Behind them, with the error of a failed row; empty: none.
  std::string notes_column; ///< Last column, with what was left out of documents; empty: none.
};

/// Checks that every name in templates and columns is a column of the input, or an earlier stage
/// and a field of its answer. All faults together, one a line, each with its place and the nearest
/// name.
/// @param columns As `io::table_reader` tells them. @param open_rows Cells may hold nested values
/// (JSONL).
result<void> check_names(const recipe& r, std::span<const std::string> columns, bool open_rows);

/// The columns of the output, without the one for errors: those of the recipe, or else all of the
/// input and the answer of the last stage under the name of the stage.
std::vector<output_column> output_columns(const recipe& r, std::span<const std::string> columns);

/// The names of all columns of the output in their order, the one for errors included.
std::vector<std::string> output_names(const recipe& r, std::span<const output_column> columns);

/// The values of one row of the output, the one for errors included, in the order of
/// `output_names`.
/// @param failure Set for a failed row. @param notes What was left out of its documents.
std::vector<boost::json::value> output_values(const recipe& r,
                                              std::span<const output_column> columns,
                                              const row_scope& scope, const error* failure,
                                              std::span<const std::string> notes = {});

} // namespace penstock::core
