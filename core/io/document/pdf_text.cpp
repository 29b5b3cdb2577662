#include "core/io/document/pdf_text.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

extern char** environ;

namespace penstock::io {

namespace {

error pdf_refused(std::string what) { return {errc::invalid_input, std::move(what)}; }

/// What a child of ours is started with; freed in the end.
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
    // In a group of its own: Ctrl-C lets running work finish, and this is part of it.
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
  prlimit(child, what, &bound, nullptr); // It may have ended already.
}

/// Reads to the end, or until there is more than `most`.
std::string drain(int from, uint64_t most) {
  std::string out;
  char block[64 << 10];
  while (out.size() <= most) {
    const auto n = ::read(from, block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    out.append(block, static_cast<size_t>(n));
  }
  return out;
}

std::string start_of(int file) {
  char block[2000];
  const auto n = ::pread(file, block, sizeof block, 0);
  return n > 0 ? std::string(block, static_cast<size_t>(n)) : std::string{};
}

result<std::string> ended_badly(int status, const std::string& said) {
  if (said.find("assword") != std::string::npos)
    return pdf_refused("is encrypted; save it without a password");
  if (WIFSIGNALED(status))
    return pdf_refused(
      "could not be read within its bounds of time and memory; split or simplify the document");
  if (WEXITSTATUS(status) == 127)
    return error{errc::io_error, "pdftotext cannot be run; install poppler-utils"};
  return pdf_refused("is a damaged PDF file (" + core::clean_text(said, 160) +
                     "); open it in a viewer and print it to a new PDF");
}

} // namespace

result<std::string> pdf_text(const std::string& path, uint64_t text_max) {
  constexpr rlim_t seconds_max = 60, memory_max = 2ull << 30, messages_max = 16u << 20;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return error{errc::io_error, std::string{"no pipe: "} + std::strerror(errno)};
  file_descriptor from{ends[0]}, to{ends[1]};
  file_descriptor messages{::memfd_create("pdftotext", MFD_CLOEXEC)};
  if (messages.get() < 0)
    return error{errc::io_error, std::string{"no memory for messages: "} + std::strerror(errno)};

  pid_t child = 0;
  {
    spawn_setup setup{to.get(), messages.get()};
    const char* arguments[]{"pdftotext", "-enc", "UTF-8", "-layout", path.c_str(), "-", nullptr};
    const int failed = ::posix_spawnp(&child, arguments[0], &setup.files, &setup.attributes,
                                      const_cast<char**>(arguments), environ);
    if (failed != 0)
      return error{errc::io_error, std::string{"pdftotext cannot be run ("} +
                                     std::strerror(failed) + "); install poppler-utils"};
  }
  limit(child, RLIMIT_CPU, seconds_max);
  limit(child, RLIMIT_AS, memory_max);
  limit(child, RLIMIT_FSIZE, messages_max);
  to = file_descriptor{};
  auto text = drain(from.get(), text_max);
  const bool too_long = text.size() > text_max;
  if (too_long)
    ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (too_long)
    return pdf_refused("holds more than " + std::to_string(text_max) +
                       " bytes of words; split the document");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return ended_badly(status, start_of(messages.get()));
  std::string out;
  for (char c : text)
    if (c == '\f')
      out += '\n';
    else
      out += c;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' '))
    out.pop_back();
  return out;
}

} // namespace penstock::io
