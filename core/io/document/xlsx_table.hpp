#pragma once

#include "core/base/error.hpp"

#include <string>
#include <vector>

namespace penstock::io {

/// Writes one sheet of an Excel workbook (XLSX) as CSV, with the values that its cells show: texts,
/// numbers, dates as ISO 8601 (2024-05-01, 2024-05-01T13:30:00), TRUE and FALSE, the stored results
/// of formulas. Empty rows are kept, so that row numbers stay the same. Limits: 256 MiB of sheet,
/// 10,000 columns.
/// @param sheet Its name; empty: the first one.
/// @returns notes for people, or `errc::invalid_input` with the remedy; the text follows the name
/// of the file.
result<std::vector<std::string>> copy_workbook(const std::string& from, const std::string& to,
                                               const std::string& sheet);

} // namespace penstock::io
