#pragma once

#include "apps/penstock/map/row_prints.hpp"
#include "core/io/document/table_reader.hpp"
#include "core/recipe/recipe.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::cli {

/// Largest number of jobs of one map: each group has one per stage.
inline constexpr size_t map_jobs_max = 1000;
/// The group of rows without a group.
inline constexpr std::string_view no_group = "default";

/// A table that can be read twice, because a map scans it before it sends requests. Standard input,
/// pipes, tables that are not UTF-8, and workbooks are copied to a private file.
class map_input {
public:
  /// @param recipe Format and separator, if the name does not give them.
  static result<map_input> open(const std::string& path, const core::recipe& recipe,
                                uint64_t row_max);
  ~map_input();
  map_input(map_input&& other) noexcept;
  map_input& operator=(map_input&&) = delete;

  /// A reader at the first row.
  result<io::table_reader> read() const;
  /// The name from the caller.
  const std::string& name() const noexcept { return name_; }
  /// CSV for workbooks.
  core::table_format format() const noexcept { return *options_.format; }
  /// Whether it begins with a byte order mark.
  bool is_marked() const noexcept { return marked_; }
  /// Changes made in the copy, for people.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  /// The folder that names of documents are relative to.
  std::string folder() const;

private:
  map_input() = default;
  result<void> convert(const core::recipe& recipe);
  std::string name_;
  std::string path_;
  bool copied_ = false; ///< `path_` is our copy, to be removed.
  bool piped_ = false;  ///< It came from standard input or a pipe.
  bool marked_ = false;
  std::vector<std::string> notes_;
  io::table_options options_;
};

/// Group names and their numbers, in the order of their first rows.
struct map_groups {
  std::vector<std::string> names;
  std::vector<uint64_t> rows;
  std::unordered_map<std::string, uint32_t> numbers;
};

/// Result of the scan of a table.
struct map_scan {
  std::string hash; ///< Of the whole table.
  std::vector<std::string> columns;
  core::table_format format = core::table_format::csv;
  map_groups groups;                ///< Of the rows that this map runs.
  uint64_t rows = 0;                ///< In the table.
  uint64_t rows_to_run = 0;         ///< After `--limit`.
  uint64_t blank = 0;               ///< Empty rows among those.
  std::vector<std::string> notes;   ///< Changes of the table and its header, for people.
  uint64_t faulty = 0;              ///< Unusable rows among those.
  std::vector<std::string> faults;  ///< The first few, with their lines.
  std::vector<core::row_keys> keys; ///< Of all rows of the table.
  std::string documents;            ///< State of the documents of all rows; empty: there are none.
};

/// The group of a row.
std::string group_name_of(const core::recipe& recipe, const core::row_scope& scope);

/// Scans a table, and checks the names in the recipe against its columns.
/// @param rows_max Rows to run; 0: all. @param prints Makes the keys of rows.
result<map_scan> scan_table(const map_input& input, const core::recipe& recipe, uint64_t rows_max,
                            row_prints& prints);

} // namespace penstock::cli
