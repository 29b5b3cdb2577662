#pragma once

#include "config/settings.hpp"
#include "core/io/file/input_scan.hpp"

#include <string>

namespace penstock::cli {

/// Whether mode `auto` should pack the requests of `input`: for some lane of the upstream, requests
/// per minute hold the job up and tokens do not.
/// @returns why, for people; empty if it should not.
std::string why_to_pack(const config::settings& s, const io::input_summary& input);

} // namespace penstock::cli
