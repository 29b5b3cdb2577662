#pragma once

#include "core/base/error.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

/// A TOML value with its place in the file. Members keep the order of the file, because the order
/// of columns and of properties of a schema matters.
struct toml_node {
  enum class kind : uint8_t { table, list, leaf } what = kind::leaf;
  std::string key;                ///< Key of a member of a table; empty in lists.
  uint32_t line = 0, column = 0;  ///< From 1.
  boost::json::value leaf;        ///< Value of a leaf; dates are texts.
  std::vector<toml_node> members; ///< Members of a table or list.

  /// The member called `name`, or null.
  const toml_node* find(std::string_view name) const noexcept;
  /// The same as JSON.
  boost::json::value to_json() const;
};

/// Parses a TOML text. An error contains `name`, line and column.
result<toml_node> parse_toml_tree(std::string_view text, const std::string& name);

/// Reads the tables of one file and collects faults, one line each: `file:line:column: key: allowed
/// values`.
class toml_section {
public:
  /// @param path The key of `table` in the file; empty: the whole file. @param faults Faults are
  /// appended to it.
  toml_section(const std::string& file, std::string path, const toml_node& table,
               std::string& faults);

  /// The member `name` of any kind, or null. Each key that is asked for counts as known.
  const toml_node* any(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<int64_t> integer(std::string_view name, int64_t min, int64_t max);
  /// One of `words`.
  std::optional<std::string> choice(std::string_view name, std::span<const std::string_view> words);
  /// A list of texts; a single text is a list of one.
  std::optional<std::vector<std::string>> texts(std::string_view name);
  /// A member table, or null.
  const toml_node* table(std::string_view name);

  /// Reports unknown keys. @param of The kind of the table, for people.
  void refuse_others(const std::string& of = "a recipe");
  /// Reports that the value of `name` is wrong. @param at Null: the section itself.
  void refuse(std::string_view name, const toml_node* at, const std::string& what);
  /// "file:line: key", for messages of later checks.
  std::string place(std::string_view name, const toml_node* at) const;

private:
  std::string dotted(std::string_view name) const;

  const std::string& file_;
  std::string path_;
  const toml_node& table_;
  std::string& faults_;
  std::set<std::string, std::less<>> known_;
};

} // namespace penstock::config
