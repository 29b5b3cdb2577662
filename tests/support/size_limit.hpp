#pragma once

#include <sys/resource.h>

#include <csignal>

namespace penstock::test {

/// While it lives, no file of this process can grow beyond `bytes`. Acts as a full disk, also for
/// root.
class size_limit {
public:
  explicit size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  size_limit(const size_limit&) = delete;
  size_limit& operator=(const size_limit&) = delete;

private:
  rlimit before_{};
};

} // namespace penstock::test
