#pragma once

#include "actors/supervisor/from_settings.hpp"
#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace penstock::cli {

/// One line about what a run or a map will do: configuration, upstream, model, lanes, mode, size of
/// the input and where the key comes from, never the key.
/// @param count Lines or rows of the input, if known. @param unit "line" or "row".
std::string start_line(const config::loaded_settings& s, const actors::upstream_keys& keys,
                       std::optional<uint64_t> count, std::string_view unit = "line");

/// The same for a job that a head runs with its own upstream, lanes and key.
std::string submit_line(const config::loaded_settings& s, std::optional<uint64_t> lines);

} // namespace penstock::cli
