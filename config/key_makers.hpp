#pragma once

#include "config/keys.hpp"

namespace penstock::config {

// Helpers for the rows of config/keys.cpp.

inline constexpr double day = 86'400;
inline constexpr double kib = 1024;
inline constexpr double gib = kib * kib * kib;

inline constexpr value_range rate_range{.min = 1e-3, .max = 1e12, .zero_means = "no limit"};
inline constexpr value_range price_range{.min = 0, .max = 1e6};

/// Checks for texts.
bool is_printable(std::string_view text);
/// Paths or patterns of paths, separated by commas; or nothing.
bool is_path_list(std::string_view text);
bool is_variable_name(std::string_view text);
bool is_endpoint(std::string_view text);
bool is_endpoint_or_empty(std::string_view text);
bool is_tenant(std::string_view text);
bool is_base_url(std::string_view text);

/// Adds the rows of section `serve`.
void add_serve_keys(std::vector<key_row>& rows);

/// A setting that exists once.
key_row plain_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                  value_kind kind, std::string_view placeholder, field (*at)(settings&),
                  value_range range, std::string_view help);
key_row text_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                 std::string_view placeholder, field (*at)(settings&),
                 bool (*fits)(std::string_view), std::string_view form, std::string_view help);
key_row choice_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                   std::span<const std::string_view> words, field (*at)(settings&),
                   std::string_view help);
/// A setting of the default lane that every other lane has, too.
key_row limit_row(help_group group, uint32_t scope, std::string_view name, std::string_view flag,
                  value_kind kind, std::string_view placeholder, field (*at)(settings&),
                  field (*at_lane)(limit_settings&), value_range range, bool inherited,
                  std::string_view help);

} // namespace penstock::config
