// Preload this library into a program to simulate a slow disk: every fsync and fdatasync takes
// SLOW_SYNC_MS longer.

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

void wait_longer() {
  const char* text = std::getenv("SLOW_SYNC_MS");
  const long ms = text ? std::atol(text) : 0;
  const timespec span{ms / 1000, ms % 1000 * 1'000'000};
  ::nanosleep(&span, nullptr);
}

} // namespace

extern "C" int fsync(int fd) {
  wait_longer();
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

extern "C" int fdatasync(int fd) {
  wait_longer();
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
