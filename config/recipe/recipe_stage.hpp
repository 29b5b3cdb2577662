#pragma once

#include "config/toml_tree.hpp"
#include "core/recipe/recipe.hpp"

#include <optional>
#include <string>

namespace penstock::config {

/// What `[defaults]` of a recipe says for all stages that are silent about it.
struct stage_defaults {
  std::string model;
  std::string system;       ///< A template; compiled for each stage.
  std::string system_where; ///< Its place.
  boost::json::object parameters;
  std::optional<int64_t> corrections;
  std::optional<core::cache_mode> cache;
  std::optional<core::mode> run_as;
  core::pdf_mode pdf = core::pdf_mode::automatic;
  core::document_rules rules;
  bool schema_in_prompt = false;
};

/// Reads `[defaults]`.
stage_defaults read_defaults(toml_section& section);

/// Reads one of `[[stages]]`; faults go to the section.
/// @param recipe Knows its file, beside which schema files are; its `text` and `files` grow by
/// them.
core::recipe_stage read_stage(toml_section& section, const stage_defaults& defaults,
                              core::recipe& recipe);

/// Reads a regular file of at most 1 MiB. @param what For messages: "the recipe".
result<std::string> read_text_file(const std::string& path, const std::string& what);

} // namespace penstock::config
