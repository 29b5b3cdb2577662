#include "core/io/document/tool_process.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace penstock::io {

namespace {

/// Start options of a child process.
struct spawn_setup {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  spawn_setup(int out, int messages) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, messages, 2);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_init(&attributes);
    // Its own process group: Ctrl-C lets running work finish, and the tool is part of that work.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                            POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
  }
  ~spawn_setup() {
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
  }
  spawn_setup(const spawn_setup&) = delete;
  spawn_setup& operator=(const spawn_setup&) = delete;
};

void limit(pid_t child, __rlimit_resource what, rlim_t most) {
  const rlimit bound{most, most};
  prlimit(child, what, &bound, nullptr); // The child may have ended already.
}

/// Reads until the end, until the output is longer than allowed, or until `deadline`.
tool_end::how drain(int from, std::string& out, uint64_t most,
                    std::chrono::steady_clock::time_point deadline) {
  char block[64 << 10];
  while (out.size() <= most) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0)
      return tool_end::how::timed_out;
    pollfd waiting{from, POLLIN, 0};
    const int ready =
      ::poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready <= 0)
      continue; // A signal came, or the time is over.
    const auto n = ::read(from, block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return tool_end::how::exited;
    out.append(block, static_cast<size_t>(n));
  }
  return tool_end::how::too_long;
}

std::string start_of(int file) {
  char block[2000];
  const auto n = ::pread(file, block, sizeof block, 0);
  return n > 0 ? std::string(block, static_cast<size_t>(n)) : std::string{};
}

error not_started(const std::string& program, int why, const std::string& package) {
  return {errc::io_error,
          program + " cannot be run (" + std::strerror(why) + "); install " + package};
}

} // namespace

result<tool_end> run_tool(const std::vector<std::string>& command, const tool_limits& limits,
                          const std::string& package) {
  constexpr rlim_t messages_max = 16u << 20;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return error{errc::io_error, std::string{"no pipe: "} + std::strerror(errno)};
  file_descriptor from{ends[0]}, to{ends[1]};
  file_descriptor messages{::memfd_create("messages", MFD_CLOEXEC)};
  if (messages.get() < 0)
    return error{errc::io_error, std::string{"no memory for messages: "} + std::strerror(errno)};
  std::vector<char*> arguments;
  for (auto& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  pid_t child = 0;
  {
    spawn_setup setup{to.get(), messages.get()};
    const int failed = ::posix_spawnp(&child, arguments[0], &setup.files, &setup.attributes,
                                      arguments.data(), environ);
    if (failed != 0)
      return not_started(command[0], failed, package);
  }
  limit(child, RLIMIT_CPU, static_cast<rlim_t>(limits.processor_max.count()));
  limit(child, RLIMIT_AS, limits.memory_max);
  limit(child, RLIMIT_FSIZE, messages_max);
  to = file_descriptor{};
  tool_end end;
  end.ended = drain(from.get(), end.output, limits.output_max,
                    std::chrono::steady_clock::now() + limits.time_max);
  if (end.ended != tool_end::how::exited)
    ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  end.messages = start_of(messages.get());
  if (end.ended == tool_end::how::exited && !WIFEXITED(status))
    end.ended = tool_end::how::killed;
  if (end.ended == tool_end::how::exited)
    end.code = WEXITSTATUS(status);
  if (end.ended == tool_end::how::exited && end.code == 127)
    return not_started(command[0], ENOENT, package);
  return end;
}

} // namespace penstock::io
