#pragma once

#include "config/settings.hpp"

#include <string>

namespace penstock::cli {

/// One line on standard error with the time (UTC) before it: "2026-11-22T06:50:37.123Z node a
/// joined". Whole lines also from several threads.
void log_line(const std::string& text);

/// What this process is called in the lists of a head: as the settings say, else host name and
/// number.
std::string process_name(const config::cluster_settings& s);

} // namespace penstock::cli
