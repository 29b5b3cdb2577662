#pragma once

#include "core/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock::io {

/// The limits of an external tool.
struct tool_limits {
  std::chrono::seconds processor_max{60};      ///< Processor time.
  std::chrono::milliseconds time_max{120'000}; ///< Wall-clock time; then the tool is killed.
  uint64_t memory_max = 2ull << 30;            ///< Bytes of address space.
  uint64_t output_max = 4u << 20;              ///< Bytes of its output.
};

/// How a tool ended.
struct tool_end {
  enum class how : uint8_t {
    exited,    ///< Ended by itself, with `code`.
    killed,    ///< Ended by a signal: a crash, or no more processor time or memory.
    timed_out, ///< Killed by us, after `time_max`.
    too_long,  ///< Killed by us, because of `output_max`.
  };
  how ended = how::exited;
  int code = 0;
  std::string output;   ///< At most one block longer than `output_max`.
  std::string messages; ///< The beginning of its standard error.
};

/// Runs a tool on a document and waits for its end. The tool is another process, so that a hostile
/// file can crash only the tool. Ctrl-C does not reach it, and it inherits no files.
/// @param command Name of the program, then its arguments.
/// @returns `errc::io_error` if the program cannot be started; the text names `package`.
result<tool_end> run_tool(const std::vector<std::string>& command, const tool_limits& limits,
                          const std::string& package);

} // namespace penstock::io
