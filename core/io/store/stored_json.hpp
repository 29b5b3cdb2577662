#pragma once

#include "core/base/error.hpp"
#include "core/job/job_options.hpp"
#include "core/job/job_progress.hpp"

#include <string>
#include <string_view>

/// Options and progress of a job as a store keeps them: one JSON object with a version.
///
/// A store of this release opens in every later one. So: never change the name or the meaning of a
/// member; a new member gets a default for older stores. Raise the version only if an older program
/// would run the job wrongly.
namespace penstock::io {

inline constexpr uint64_t stored_json_version = 1;

std::string stored_json(const core::job_options& options);
std::string stored_json(const core::job_progress& progress);

/// Reads what `stored_json` wrote. A missing member keeps its default.
/// @returns `incompatible` if a newer program wrote it, `corrupt` if it is no such text.
result<core::job_options> stored_options(std::string_view text);
result<core::job_progress> stored_progress(std::string_view text);

} // namespace penstock::io
