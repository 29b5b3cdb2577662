#pragma once

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace penstock::io {

/// Where the rows of a new generation wait until they are whole.
inline std::string next_path(const std::string& output) { return output + ".penstock-next"; }

/// The checksum over the first `size` bytes of a file; nothing if it is shorter or not there.
result<std::optional<core::running_checksum>> sum_of_start(const std::string& path, uint64_t size);

/// The first `size` bytes of a file, as far as they are there.
std::string start_of(const std::string& path, size_t size);

/// Whether a file has exactly `size` bytes with this checksum.
result<bool> has_content(const std::string& path, uint64_t size, uint64_t checksum);

} // namespace penstock::io
