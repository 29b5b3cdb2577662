#pragma once

#include "apps/penstock/map/map_summary.hpp"

#include <string>

namespace penstock::cli {

/// "97 as before, 1 mended, 2 new, 0 gone". @param changed_documents Rows with another document.
std::string changes_text(const io::map_changes& changes, uint64_t changed_documents);
/// "10 rows without a result sent again".
std::string retried_text(uint64_t rows);
/// Where the rows are. If a map that replaces its output stopped, the output is the earlier one.
std::string output_text(const map_view& view);
/// How to send again what failed in a map that completed; empty if nothing did.
std::string retry_hint(const map_view& view);

} // namespace penstock::cli
