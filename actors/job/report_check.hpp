#pragma once

#include "core/job/request_window.hpp"
#include "messages/work.hpp"

#include <string>

namespace penstock::actors {

/// Why a report cannot be true; empty: it can. Nodes of other processes may be hostile, so this is
/// checked before anything is done with the report. A report that passes never fails an assertion.
///
/// What a node may still do is to invent an answer to a request that it was given.
/// @param entry The request of a report with the current epoch.
/// @param node The node that sent the report.
/// @param is_pack Whether the hand-out was a pack, whose id is not that of the request.
std::string report_fault(const work_report& report, const core::window_entry& entry, uint64_t node,
                         bool is_pack);

/// The cost in a report that need not be checked otherwise: zero if it is none.
double cost_in(const work_report& report) noexcept;

} // namespace penstock::actors
