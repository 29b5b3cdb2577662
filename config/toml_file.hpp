#pragma once

#include "config/keys.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::config {

/// A value of a file that no key accepts: a date, an empty section, a mixed list.
struct other_value {
  std::string what; ///< For people: "a date".
};

/// The value of a key.
using file_value = std::variant<scalar, std::vector<std::string>, other_value>;

/// One leaf of a configuration file.
struct file_entry {
  std::string key; ///< With dots, and numbers for list members: "upstream.lanes[0].name".
  file_value value;
  uint32_t line = 0;   ///< From 1.
  uint32_t column = 0; ///< From 1.
};

/// The kind of a value, for a message: "a list".
std::string described(const file_value& value);

/// The leaves of a TOML text in the order of their lines. An error contains `name`, line and
/// column.
result<std::vector<file_entry>> parse_toml(std::string_view text, const std::string& name);

/// `parse_toml` of the file `name`, which must be a regular file of at most 1 MiB.
result<std::vector<file_entry>> read_toml(const std::string& name);

} // namespace penstock::config
