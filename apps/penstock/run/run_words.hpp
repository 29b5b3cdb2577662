#pragma once

#include "config/settings.hpp"
#include "core/view/failure_groups.hpp"

#include <string>

namespace penstock::cli {

/// What packs would save, if `because` (see `why_to_pack`) speaks for them and the settings only
/// let them be proposed; empty: nothing to propose.
std::string pack_proposal(const config::settings& s, uint64_t requests, const std::string& because);

/// Why a job packs before anything has failed: "mode batch" or the setting; empty: it does not.
std::string reason_of_packs(const config::settings& s, uint64_t requests,
                            const std::string& because);

/// Said before the first request of a job that packs; empty: it does not.
std::string pack_announcement(const config::settings& s, uint64_t requests,
                              const std::string& because);

/// The failures in an output of `run`, by cause. Reads the whole file; what is no line of ours is
/// skipped.
core::failure_groups failures_in(const std::string& output);

} // namespace penstock::cli
