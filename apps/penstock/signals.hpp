#pragma once

#include <functional>
#include <thread>

namespace penstock::cli {

/// Waits for SIGINT, SIGTERM and SIGHUP on a thread of its own and hands them to a function, away
/// from the restrictions of a signal handler. Make it before any other thread starts: threads inherit
/// the mask that keeps these signals from being delivered elsewhere.
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
/// @returns how many files may be open now.
size_t raise_file_limit(size_t in_flight);

} // namespace penstock::cli
