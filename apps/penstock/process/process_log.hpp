#pragma once

#include "config/settings.hpp"

#include <string>

namespace penstock::cli {

/// One line on standard error with the time (UTC) before it: "2026-11-22T06:50:37.123Z node a
/// joined". Lines of several threads are never mixed.
void log_line(const std::string& text);

/// The name of this process in the lists of a head: from the settings, else host name and process
/// id.
std::string process_name(const config::cluster_settings& s);

} // namespace penstock::cli
