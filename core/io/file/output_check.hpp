#pragma once

#include "core/base/checksum.hpp"
#include "core/base/error.hpp"
#include "core/io/file/journal.hpp"

#include <cstdint>
#include <string>

namespace penstock::io {

/// The part of an output that a resumed run builds on.
struct checked_output {
  uint64_t bytes = 0;         ///< What lies behind is torn and has to be cut.
  uint64_t lines = 0;         ///< Lines in it.
  core::running_checksum sum; ///< Over it.
  core::output_totals totals; ///< Over it.
};

/// Compares the output at `path` with what the journal knows. Up to the checkpoint it has to be
/// byte for byte what was synced. Lines behind it are taken if each carries its checksum and the
/// next index; what a crash left of the last ones (no line break, or zeros where the disk never got
/// the bytes) is cut. Anything else was not written by us: `errc::corrupt`.
result<checked_output> check_output(const std::string& path, const run_checkpoint& at);

} // namespace penstock::io
