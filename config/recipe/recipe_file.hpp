#pragma once

#include "core/recipe/recipe.hpp"

#include <string>
#include <string_view>

namespace penstock::config {

/// Reads a recipe (see recipe.example.toml): TOML of at most 1 MiB, schema files beside it.
/// @returns `errc::invalid_config` with all faults, one per line: file, line, key, allowed values
/// and the nearest known name. `core::check_names` checks the names of columns.
result<core::recipe> read_recipe(const std::string& path);

/// `read_recipe` of a text. @param name For messages; schema files are in the same folder.
result<core::recipe> parse_recipe(std::string_view text, const std::string& name);

} // namespace penstock::config
