#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern char** environ;

namespace penstock::test {

namespace {

/// The part of our environment for a program, without settings of the user who runs the tests.
bool is_passed_on(std::string_view variable) {
  for (std::string_view name : {"PATH=", "HOME=", "TMPDIR=", "LD_LIBRARY_PATH=", "ASAN_OPTIONS=",
                                "UBSAN_OPTIONS=", "TSAN_OPTIONS="})
    if (variable.starts_with(name))
      return true;
  return false;
}

std::pair<int, int> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::runtime_error{"cannot make a pipe"};
  return {ends[0], ends[1]};
}

void close_fd(int& fd) {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& w : words)
    out.push_back(w.data());
  out.push_back(nullptr);
  return out;
}

} // namespace

bool is_sanitized() {
  const char* value = std::getenv("PENSTOCK_SANITIZED");
  return value && *value && std::string_view{value} != "0";
}

process::process(command c) {
  // If a program ends while we write to it, the test must not end.
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> env = c.env;
  for (char** e = environ; *e; ++e)
    if (is_passed_on(*e))
      env.emplace_back(*e);
  auto args = c.args;
  if (!c.before.empty()) // `exec` keeps the process id.
    args.insert(args.begin(), {"/bin/sh", "-c", c.before + "; exec \"$0\" \"$@\""});

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  std::array<int, 3> theirs{-1, -1, -1};
  if (c.input)
    std::tie(theirs[0], input_) = make_pipe();
  else
    theirs[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (c.output_file.empty())
    std::tie(out_.fd, theirs[1]) = make_pipe();
  else
    theirs[1] = ::open(c.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  std::tie(err_.fd, theirs[2]) = make_pipe();
  for (int fd = 0; fd < 3; ++fd)
    posix_spawn_file_actions_adddup2(&files, theirs[static_cast<size_t>(fd)], fd);

  // The program would inherit ignored signals.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults, none;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (int s : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP})
    sigaddset(&defaults, s);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);

  const int failure = ::posix_spawn(&pid_, args.front().c_str(), &files, &attributes,
                                    pointers(args).data(), pointers(env).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  for (int& fd : theirs)
    close_fd(fd);
  if (failure != 0)
    throw std::runtime_error{"cannot start " + args.front() + ": " + std::strerror(failure)};
  start(err_);
  if (!c.hold_output)
    read_output();
}

process::~process() {
  if (!ended_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  close_fd(input_);
  finish(out_);
  finish(err_);
}

void process::signal(int number) const { ::kill(pid_, number); }

bool process::has_ended() {
  if (!ended_)
    ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

int process::wait(std::chrono::milliseconds limit) {
  if (!wait_until([this] { return has_ended(); }, limit))
    throw std::runtime_error{"the program runs on; it said: " + err()};
  if (out_.thread.joinable())
    finish(out_);
  finish(err_);
  return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
}

bool process::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(input_, bytes.data(), bytes.size());
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void process::close_input() { close_fd(input_); }

void process::read_output() {
  if (out_.fd >= 0 && !out_.thread.joinable())
    start(out_);
}

void process::close_output() { close_fd(out_.fd); }

std::string process::out() {
  const std::lock_guard lock{mutex_};
  return out_.text;
}

std::string process::err() {
  const std::lock_guard lock{mutex_};
  return err_.text;
}

bool process::says(std::string_view text, std::chrono::milliseconds limit) {
  std::unique_lock lock{mutex_};
  return grown_.wait_for(lock, limit, [&] { return err_.text.find(text) != std::string::npos; });
}

void process::start(drain& d) {
  d.thread = std::thread{[this, &d] {
    std::array<char, 65536> bytes;
    for (;;) {
      const auto n = ::read(d.fd, bytes.data(), bytes.size());
      if (n <= 0)
        return;
      const std::lock_guard lock{mutex_};
      d.text.append(bytes.data(), static_cast<size_t>(n));
      grown_.notify_all();
    }
  }};
}

/// Call it when the program has ended, so that its pipe has an end.
void process::finish(drain& d) {
  if (d.thread.joinable())
    d.thread.join();
  close_fd(d.fd);
}

finished run_to_end(command c, std::chrono::milliseconds limit) {
  process p{std::move(c)};
  const int code = p.wait(limit);
  return {code, p.out(), p.err()};
}

} // namespace penstock::test
