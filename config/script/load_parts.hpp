#pragma once

#include "config/toml_tree.hpp"
#include "core/load/load_script.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Internal to config/script/load_script.cpp.
namespace penstock::config {

/// A span: a text such as "90s", or a number of seconds; at most a month.
std::optional<duration> read_span(toml_section& section, std::string_view name);
/// A number within limits.
std::optional<double> read_number(toml_section& section, std::string_view name, double min,
                                  double max);
/// Weights of messages; at least one is above zero.
std::optional<core::load_mix> read_mix(toml_section& parent, const std::string& file,
                                       std::string_view path, std::string& faults);
/// A size: a number, a text such as "2KiB", or a table with `shape` and its parameters.
std::optional<core::load_distribution>
read_distribution(toml_section& parent, std::string_view name, const std::string& file,
                  std::string_view path, std::string& faults, uint64_t min, uint64_t max);
core::load_phase read_phase(toml_section& section, const std::string& file, const std::string& path,
                            std::string& faults);
core::load_tenant read_tenant(toml_section& section, const std::string& file,
                              const std::string& path, std::string& faults);
core::load_action read_action(toml_section& section, const std::string& file,
                              const std::string& path, std::string& faults);
/// The limits of one table of expectations. @param tenant Empty: all tenants.
void read_expectations(toml_section& section, const toml_node& table, const std::string& tenant,
                       std::vector<core::load_expectation>& to);

} // namespace penstock::config
