#pragma once

#include "core/base/error.hpp"
#include "core/job/job_options.hpp"
#include "core/job/job_progress.hpp"

#include <string>
#include <string_view>

/// Options and progress of a job in a store: one JSON object with a version.
///
/// Every later release opens a store of this one. So never change the name or meaning of a member;
/// give a new member a default for older stores. Raise the version only if an older program would
/// run the job wrongly.
namespace penstock::io {

inline constexpr uint64_t stored_json_version = 1;

std::string stored_json(const core::job_options& options);
std::string stored_json(const core::job_progress& progress);

/// Reads a text of `stored_json`. A missing member keeps its default.
/// @returns `incompatible` if a newer program wrote it, `corrupt` for any other text.
result<core::job_options> stored_options(std::string_view text);
result<core::job_progress> stored_progress(std::string_view text);

} // namespace penstock::io
