#include "apps/penstock/process/signals.hpp"

#include <csignal>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>

namespace penstock::cli {

namespace {

/// The signal that ends the watcher; only we send it.
constexpr int stop_signal = SIGUSR2;

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGINT, SIGTERM, SIGHUP, stop_signal})
    sigaddset(&set, s);
  return set;
}

/// Open files in addition to connections: output, journal, epoll, libraries, spare.
constexpr size_t other_files = 64;

} // namespace

void block_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const auto set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

signal_watcher::signal_watcher(std::function<void(int, int)> on_signal) {
  const auto set = watched();
  thread_ = std::thread{[set, on_signal = std::move(on_signal)] {
    for (int count = 1;; ++count) {
      int signal = 0;
      if (sigwait(&set, &signal) != 0 || signal == stop_signal)
        return;
      on_signal(signal, count);
    }
  }};
}

signal_watcher::~signal_watcher() {
  pthread_kill(thread_.native_handle(), stop_signal);
  thread_.join();
}

size_t raise_file_limit(size_t in_flight) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return in_flight + other_files;
  const auto wanted = static_cast<rlim_t>(in_flight + other_files);
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < wanted) {
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? wanted : std::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

} // namespace penstock::cli
