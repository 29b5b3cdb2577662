#pragma once

#include "actors/supervisor/from_settings.hpp"
#include "config/settings.hpp"
#include "core/io/file/input_scan.hpp"
#include "core/view/failure_groups.hpp"

#include <optional>
#include <string>

namespace penstock::cli {

/// One line about what a run will do: configuration, upstream, model, lanes, mode, lines and where
/// the key comes from, never the key. @param lines Of the input, if known.
std::string start_line(const config::loaded_settings& s, const actors::upstream_keys& keys,
                       std::optional<uint64_t> lines);

/// What packs would save, if `because` (see `why_to_pack`) speaks for them and the settings only
/// let them be proposed; empty: nothing to propose.
std::string pack_proposal(const config::settings& s, uint64_t requests, const std::string& because);

/// Said before the first request of a job that packs; empty: it does not.
std::string pack_announcement(const config::settings& s, uint64_t requests,
                              const std::string& because);

/// The failures in an output of `run`, by cause. Reads the whole file; what is no line of ours is
/// skipped.
core::failure_groups failures_in(const std::string& output);

} // namespace penstock::cli
