#pragma once

#include <functional>
#include <thread>

namespace penstock::cli {

/// Blocks SIGINT, SIGTERM and SIGHUP in this thread and in threads that it starts, so that only a
/// `signal_watcher` gets them. Failed writes (no reader, a size limit) then give an error instead
/// of a signal. Call it before any thread starts.
void block_signals();

/// Waits for SIGINT, SIGTERM and SIGHUP on its own thread and calls a function for each, without
/// the restrictions of a signal handler. @pre `block_signals` was called.
class signal_watcher {
public:
  /// @param on_signal Called on the watcher's thread with the signal's number and its count.
  explicit signal_watcher(std::function<void(int signal, int count)> on_signal);
  ~signal_watcher();
  signal_watcher(const signal_watcher&) = delete;
  signal_watcher& operator=(const signal_watcher&) = delete;

private:
  std::thread thread_;
};

/// Raises the soft limit of open files for `in_flight` connections as far as the hard limit allows.
/// @returns the new limit of open files.
size_t raise_file_limit(size_t in_flight);

} // namespace penstock::cli
