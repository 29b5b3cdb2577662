#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace penstock::io {

/// Finds the hashes that were added more than once. The memory does not grow with their number:
/// sorted runs are stored in a temporary file without a name and merged at the end. If no temporary
/// file can be made, all hashes stay in memory (8 bytes each).
///
/// Not thread-safe: one owner.
class repeated_hashes {
public:
  /// @param run_max Largest number of hashes in memory, per run and for the merge.
  explicit repeated_hashes(size_t run_max = size_t{1} << 16) : run_max_{run_max} {}

  void add(uint64_t hash);
  /// The hashes added more than once, each once, in ascending order. Forgets all of them.
  /// @returns `errc::io_error` if the temporary file cannot be read.
  result<std::vector<uint64_t>> take();

private:
  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };
  class run_reader;

  void spill();
  bool write_run();

  size_t run_max_;
  bool in_memory_ = false;        ///< There is no temporary file: keep all in memory.
  std::vector<uint64_t> current_; ///< The run that is being filled.
  std::vector<size_t> runs_;      ///< Number of hashes of each run in the file.
  std::unique_ptr<std::FILE, closer> file_;
};

} // namespace penstock::io
