#pragma once

#include "core/recipe/answer_json.hpp"
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

/// How PDF documents are sent.
enum class pdf_mode : uint8_t {
  automatic, ///< Unchanged if every upstream accepts them, else as text.
  native,    ///< Unchanged.
  text,      ///< As text.
};

/// One prompt for every row.
struct recipe_stage {
  std::string name;                   ///< Unique; `{{name.text}}` for later stages.
  prompt_template system;             ///< Empty: no system message.
  prompt_template prompt;             ///< The user message.
  std::string model;                  ///< Empty: the model of the run.
  boost::json::object parameters;     ///< Members of the body: temperature, max_tokens, ...
  std::optional<schema_check> schema; ///< The schema of the answer; unset: any text.
  /// Writes the schema into the prompt instead of `response_format`.
  bool schema_in_prompt = false;
  uint32_t corrections_max = 2; ///< Largest number of corrections of an answer.
  /// Each renders to file names, one a line; empty ones are none.
  std::vector<prompt_template> documents;
  pdf_mode pdf = pdf_mode::automatic; ///< How PDF documents are sent.
  document_rules rules;               ///< Rules for the text of documents.
  std::optional<cache_mode> cache;    ///< Unset: as the run.
  std::optional<mode> run_as;         ///< Unset: as the run.
  /// What becomes of a text that was cut at `max_tokens`.
  truncated_mode truncated = truncated_mode::fail;
};

/// One column of the output.
struct output_column {
  std::string name;     ///< In the header, or the key of JSONL.
  prompt_template text; ///< A template; its value is a text.
  /// Or a path (`grade.score`), whose value keeps its type; used if `text` is empty.
  std::string path;
  std::string where; ///< For messages: file, line and key.
};

/// The columns of a failed row, in addition to its error.
enum class failed_row : uint8_t {
  partial, ///< All columns whose stages have answered.
  empty,   ///< Only columns that need no stage.
};

/// Whether CSV and TSV begin with a byte order mark, which tells Excel that a file is UTF-8.
enum class mark_mode : uint8_t {
  automatic, ///< If the input has one.
  always,    ///< Whatever the input has.
  never,     ///< Whatever the input has.
};

/// A recipe: stages for the rows of a table, and the columns of the output.
struct recipe {
  std::string name;                       ///< For people; default: the name of the file.
  std::string file;                       ///< Its file, for messages.
  std::string text;                       ///< The bytes of the file and its schemas, for the hash.
  prompt_template tenant;                 ///< The owner of a row; empty: all rows have one owner.
  std::string documents_folder;           ///< Relative to the input's folder; empty: that folder.
  std::vector<std::string> input_columns; ///< Columns that only some rows have.
  std::optional<table_format> input_format;   ///< Unset: by the name of the input.
  char input_separator = '\0';                ///< Of CSV; zero: detect it.
  std::string input_sheet;                    ///< Of a workbook; empty: the first one.
  std::vector<recipe_stage> stages;           ///< At least one, in their order.
  std::optional<table_format> output_format;  ///< Unset: by the name of the output, else JSONL.
  std::vector<output_column> columns;         ///< Empty: `default_columns`.
  failed_row failed = failed_row::partial;    ///< The columns of failed rows.
  mark_mode mark = mark_mode::automatic;      ///< Of CSV and TSV.
  formula_mode formulas = formula_mode::keep; ///< Of CSV and TSV.
  std::vector<std::string> files; ///< The recipe and its schemas; an output must not replace them.
  /// After the others, with the error of a failed row; empty: none.
  std::string error_column = "error";
  std::string notes_column; ///< Last column, with notes about documents; empty: none.
};

/// Checks that every name in templates and columns is a column of the input, or an earlier stage
/// and a field of its answer. The error has all faults, one per line, each with its place and the
/// nearest name.
/// @param columns From `io::table_reader`. @param open_rows Cells may hold nested values
/// (JSONL).
result<void> check_names(const recipe& r, std::span<const std::string> columns, bool open_rows);

/// The columns of the output, without the one for errors: those of the recipe, or else all of the
/// input and the answer of the last stage under the name of the stage.
std::vector<output_column> output_columns(const recipe& r, std::span<const std::string> columns);

/// The names of all columns of the output in order, with the one for errors.
std::vector<std::string> output_names(const recipe& r, std::span<const output_column> columns);

/// The values of one row of the output, with the one for errors, in the order of `output_names`.
/// @param failure Set for a failed row. @param notes Notes about its documents.
std::vector<boost::json::value> output_values(const recipe& r,
                                              std::span<const output_column> columns,
                                              const row_scope& scope, const error* failure,
                                              std::span<const std::string> notes = {});

} // namespace penstock::core
