#pragma once

#include "config/toml_tree.hpp"
#include "core/recipe/recipe.hpp"

#include <optional>
#include <string>

namespace penstock::config {

/// The `[defaults]` of a recipe, for stages that do not set these keys.
struct stage_defaults {
  std::string model;
  std::string system;       ///< A template; compiled for each stage.
  std::string system_where; ///< Its place in the file.
  boost::json::object parameters;
  std::optional<int64_t> corrections;
  std::optional<core::cache_mode> cache;
  core::truncated_mode truncated = core::truncated_mode::fail;
  std::optional<core::mode> run_as;
  core::pdf_mode pdf = core::pdf_mode::automatic;
  core::document_rules rules;
  bool schema_in_prompt = false;
};

/// Reads `[defaults]`.
stage_defaults read_defaults(toml_section& section);

/// Reads one of `[[stages]]`. Faults are reported for the section.
/// @param recipe Its file gives the folder of schema files; they are added to its `text` and
/// `files`.
core::recipe_stage read_stage(toml_section& section, const stage_defaults& defaults,
                              core::recipe& recipe);

/// Reads a regular file of at most 1 MiB. @param what For messages: "the recipe".
result<std::string> read_text_file(const std::string& path, const std::string& what);

} // namespace penstock::config
