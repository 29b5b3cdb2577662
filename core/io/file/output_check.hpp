#pragma once

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/io/file/journal.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// The part of an output that a resumed run keeps.
struct checked_output {
  uint64_t bytes = 0;         ///< Bytes after it are incomplete and must be cut.
  uint64_t lines = 0;         ///< Lines in the part.
  core::running_checksum sum; ///< Over the part.
  core::output_totals totals; ///< Over the part.
};

/// Compares the output at `path` with its journal. Up to the checkpoint, every byte must be as it
/// was synced. A line after the checkpoint is kept if it has its checksum and the next index. The
/// remains of a crash at the end (a line without line break, or zeros in place of bytes that never
/// reached the disk) are cut. Everything else was not written by us: `errc::corrupt`.
result<checked_output> check_output(const std::string& path, const run_checkpoint& at);

} // namespace penstock::io
