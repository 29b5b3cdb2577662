#pragma once

#include "config/environment.hpp"
#include "config/settings.hpp"

#include <string>

namespace penstock::config {

/// Every setting as "key = value  # origin", in the order of the reference, then the lanes. It
/// shows only the length of the API key.
std::string show(const loaded_settings& loaded, const environment& env);

/// The same as one JSON object: {"settings": {key: {"value", "origin"}}, "lanes": [...], "api_key":
/// ...}.
std::string show_json(const loaded_settings& loaded, const environment& env);

/// The reference of all settings as Markdown, for the README.
std::string reference_markdown();

} // namespace penstock::config
