#pragma once

#include "config/settings.hpp"
#include "core/io/file/input_scan.hpp"

#include <string>

namespace penstock::cli {

/// Whether mode auto should pack the requests of `input`: on a lane, requests per minute are the
/// limit, and not tokens. @returns the reason, for people; empty: do not pack.
std::string why_to_pack(const config::settings& s, const io::input_summary& input);

} // namespace penstock::cli
