#pragma once

#include <string>
#include <string_view>

namespace penstock::core {

/// The kind of a file that is not text, and what to do ("is a zip archive; unpack it first"), by
/// its first bytes. Empty for text.
std::string binary_kind(std::string_view start);

/// Why a file cannot be the input of `penstock run` at all, and what to do, by its first bytes:
/// binary files, UTF-16, tables, JSON in one piece, other lines of JSON, nothing. Empty if any line
/// looks like a request: then unusable lines are failed results, each in its place.
/// @param whole Whether `start` is the whole file.
std::string no_requests(std::string_view start, bool whole);

} // namespace penstock::core
