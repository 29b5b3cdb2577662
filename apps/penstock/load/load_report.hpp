#pragma once

#include "core/load/load_verdict.hpp"

#include <span>
#include <string>

namespace penstock::cli {

/// The report of a load for people, several lines.
std::string load_text(const core::load_result& result,
                      std::span<const core::load_verdict> verdicts);

/// The report for programs: one JSON object with everything, also the values over time.
std::string load_json(const core::load_result& result,
                      std::span<const core::load_verdict> verdicts);

/// The report as a page: tables and charts (inline SVG) in one file that loads nothing and runs no
/// script.
std::string load_page(const core::load_result& result,
                      std::span<const core::load_verdict> verdicts);

/// The plan of a script, for `--check`.
std::string load_plan(const core::load_script& script);

} // namespace penstock::cli
