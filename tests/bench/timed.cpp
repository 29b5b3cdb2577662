// Runs one command and tells what it cost: `timed REPORT TIMEOUT-SECONDS COMMAND...` writes wall
// time, CPU time and peak memory of the whole process tree to REPORT as one line of JSON.
// It is a separate program, because Linux counts the memory of the starting process for the peak of
// the new one: started by a large interpreter, a small client would look large.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t stop_asked = 0;
pid_t child = -1;

/// Ends the child, which has its own process group, when the time is over or we are ended.
void on_stop(int) {
  stop_asked = 1;
  if (child > 0)
    ::kill(-child, SIGKILL);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

/// Allows the program to open as many files as the system allows, for 10,000 connections.
void raise_file_limit() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s REPORT TIMEOUT-SECONDS COMMAND...\n", argv[0]);
    return 2;
  }
  raise_file_limit();
  for (int number : {SIGALRM, SIGTERM, SIGINT, SIGHUP})
    std::signal(number, &on_stop);
  const auto begin = std::chrono::steady_clock::now();
  child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    ::execvp(argv[3], argv + 3);
    std::fprintf(stderr, "%s: %s\n", argv[3], std::strerror(errno));
    std::_Exit(127);
  }
  if (child < 0) {
    std::perror("fork");
    return 1;
  }
  ::setpgid(child, child);
  ::alarm(static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)));
  int status = 0;
  rusage used{};
  while (::wait4(child, &status, 0, &used) < 0 && errno == EINTR) {
  }
  const double wall =
    std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::FILE* report = std::fopen(argv[1], "w");
  if (!report) {
    std::perror(argv[1]);
    return 1;
  }
  std::fprintf(report,
               "{\"exit\":%d,\"stopped\":%s,\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,"
               "\"peak_kb\":%ld,\"switches\":%ld}\n",
               code, stop_asked ? "true" : "false", wall, seconds(used.ru_utime),
               seconds(used.ru_stime), used.ru_maxrss, used.ru_nvcsw + used.ru_nivcsw);
  return std::fclose(report) == 0 ? 0 : 1;
}
