#pragma once

#include "core/recipe/recipe.hpp"

#include <string>
#include <string_view>

namespace penstock::config {

/// Reads a recipe (see recipe.example.toml): TOML of at most 1 MiB, schema files beside it.
/// @returns `errc::invalid_config` with all faults, one a line: file, line, key, what is allowed
/// and the nearest known name. Names of columns are not checked here but by `core::check_names`.
result<core::recipe> read_recipe(const std::string& path);

/// `read_recipe` of a text. @param name For messages; schema files are looked for beside it.
result<core::recipe> parse_recipe(std::string_view text, const std::string& name);

} // namespace penstock::config
