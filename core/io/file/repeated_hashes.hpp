#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace penstock::io {

/// Finds the hashes that were added more than once, in memory that does not grow with their number:
/// sorted runs wait in a temporary file without a name and are merged at the end. Where no
/// temporary file can be had, everything stays in memory (8 bytes a hash).
///
/// Not thread-safe: one owner.
class repeated_hashes {
public:
  /// @param run_max how many hashes to keep in memory at most, per run and for the merge.
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
  bool in_memory_ = false;        ///< No temporary file works: keep the rest.
  std::vector<uint64_t> current_; ///< The run that grows.
  std::vector<size_t> runs_;      ///< How many hashes each run in the file has.
  std::unique_ptr<std::FILE, closer> file_;
};

} // namespace penstock::io
