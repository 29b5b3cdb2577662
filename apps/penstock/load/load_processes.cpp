#include "apps/penstock/load/load_processes.hpp"

#include "config/text.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

namespace penstock::cli {

namespace {

using core::load_role;

constexpr auto listen_timeout = std::chrono::seconds{60};
constexpr auto end_timeout = std::chrono::seconds{10};
constexpr auto look_every = std::chrono::milliseconds{5};
constexpr int exit_no_exec = 127;

std::string read_all(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The end of the output of a process, on one line.
std::string last_words(const std::string& path) {
  constexpr size_t bytes_max = 300;
  auto text = read_all(path);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  if (text.size() > bytes_max)
    text.erase(0, text.size() - bytes_max);
  std::ranges::replace(text, '\n', ' ');
  return text.empty() ? "it said nothing" : "it said: " + text;
}

/// Runs in the child between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* args, int log, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(exit_no_exec); // The parent died before it could be noticed.
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGXFSZ, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv("/proc/self/exe", args);
  ::_exit(exit_no_exec);
}

bool names_upstream(const std::vector<std::string>& options) {
  constexpr std::string_view words[]{"--base-url", "--upstream", "--config"};
  return std::ranges::any_of(options, [&](auto& option) {
    return std::ranges::any_of(words, [&](auto word) {
      return option == word || option.starts_with(std::string{word} + "=");
    });
  });
}

} // namespace

load_processes::load_processes(const core::load_script& script, std::string folder)
    : folder_{std::move(folder)} {
  for (auto& process : script.processes)
    children_.push_back({.what = &process});
}

load_processes::~load_processes() { stop_all(); }

load_processes::child* load_processes::find(const std::string& name) {
  const auto found = std::ranges::find(children_, name, [](auto& c) { return c.what->name; });
  return found == children_.end() ? nullptr : &*found;
}

result<load_processes::child*> load_processes::running(const std::string& name) {
  auto c = find(name);
  if (!c || c->pid < 0)
    return error{errc::not_found, "the process " + config::in_quotes(name) + " does not run"};
  return c;
}

std::string load_processes::mock_origin(const std::string& name) const {
  for (auto& c : children_)
    if (c.what->role == load_role::mock && (name.empty() || c.what->name == name) &&
        !c.address.empty())
      return "http://" + c.address;
  return {};
}

std::string load_processes::head_address() const {
  const auto found =
    std::ranges::find(children_, load_role::head, [](auto& c) { return c.what->role; });
  return found == children_.end() ? std::string{} : found->address;
}

size_t load_processes::nodes_running() const {
  return static_cast<size_t>(std::ranges::count_if(
    children_, [](auto& c) { return c.what->role == load_role::node && c.pid >= 0; }));
}

std::vector<std::string> load_processes::words_of(const child& c) const {
  const auto& what = *c.what;
  std::vector<std::string> words{
    "penstock", what.role == load_role::head ? "serve" : std::string{to_string(what.role)}};
  const auto place = c.address.empty() ? "127.0.0.1:0" : c.address;
  switch (what.role) {
  case load_role::mock:
    words.insert(words.end(), {"--port", place.substr(place.rfind(':') + 1)});
    break;
  case load_role::head:
    words.insert(words.end(), {"--listen", place, "--store", folder_ + "/" + what.name + ".db"});
    break;
  case load_role::node:
    words.insert(words.end(), {"--head", head_, "--node-name", what.name});
    break;
  }
  if (what.role != load_role::mock && !names_upstream(what.options))
    words.insert(words.end(), {"--base-url", mock_origin() + "/v1"});
  words.insert(words.end(), what.options.begin(), what.options.end());
  return words;
}

result<void> load_processes::launch(child& c) {
  if (c.what->role != load_role::mock && !names_upstream(c.what->options) && mock_origin().empty())
    return error{errc::invalid_config,
                 "the process " + config::in_quotes(c.what->name) +
                   " has no upstream: add a process with role = \"mock\", or give it --base-url"};
  c.log =
    folder_ + "/" + c.what->name + (c.lives > 0 ? "." + std::to_string(c.lives + 1) : "") + ".log";
  const int log = ::open(c.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0)
    return error{errc::io_error, "cannot write " + c.log + ": " + std::strerror(errno)};
  auto words = words_of(c);
  std::vector<char*> args;
  for (auto& word : words)
    args.push_back(word.data());
  args.push_back(nullptr);
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid == 0)
    become(args.data(), log, parent);
  ::close(log);
  if (pid < 0)
    return error{errc::io_error, "cannot start " + c.what->name + ": " + std::strerror(errno)};
  c.pid = pid;
  c.told_to_end = false;
  ++c.lives;
  return {};
}

result<std::string> load_processes::await_address(child& c) {
  constexpr std::string_view says = "listening on ";
  const auto until = std::chrono::steady_clock::now() + listen_timeout;
  while (std::chrono::steady_clock::now() < until) {
    const auto text = read_all(c.log);
    for (size_t at = text.find(says); at != std::string::npos; at = text.find(says, at + 1)) {
      const bool begins = at == 0 || text[at - 1] == '\n';
      const auto end = text.find_first_of(" \n", at + says.size());
      if (!begins || end == std::string::npos)
        continue;
      auto place = text.substr(at + says.size(), end - at - says.size());
      if (const auto scheme = place.find("://"); scheme != std::string::npos)
        place.erase(0, scheme + 3);
      return place;
    }
    if (reap(c, WNOHANG))
      return error{errc::io_error,
                   c.what->name + " ended before it listened; " + last_words(c.log)};
    std::this_thread::sleep_for(look_every);
  }
  return error{errc::timeout, c.what->name + " does not listen; " + last_words(c.log)};
}

result<void> load_processes::start(const std::string& name) {
  auto c = find(name);
  if (!c)
    return error{errc::not_found, "there is no process " + config::in_quotes(name)};
  if (c->pid >= 0 && !c->told_to_end)
    return error{errc::invalid_input, "the process " + config::in_quotes(name) + " runs already"};
  const auto until = std::chrono::steady_clock::now() + listen_timeout;
  while (c->pid >= 0 && !reap(*c, WNOHANG)) { // It is ending.
    if (std::chrono::steady_clock::now() > until)
      ::kill(c->pid, SIGKILL);
    std::this_thread::sleep_for(look_every);
  }
  if (auto launched = launch(*c); !launched)
    return launched;
  if (c->what->role == load_role::node)
    return {};
  auto address = await_address(*c);
  if (!address)
    return address.error();
  c->address = std::move(*address);
  return {};
}

result<void> load_processes::start_all(const std::string& head) {
  head_ = head;
  for (auto role : {load_role::mock, load_role::head, load_role::node}) {
    for (auto& c : children_)
      if (c.what->role == role && c.what->start)
        if (auto started = start(c.what->name); !started)
          return started;
    if (role == load_role::head && head_.empty())
      head_ = head_address();
  }
  return {};
}

result<void> load_processes::stop(const std::string& name) {
  auto c = running(name);
  if (!c)
    return c.error();
  (*c)->told_to_end = true;
  ::kill((*c)->pid, SIGTERM);
  return {};
}

result<void> load_processes::kill(const std::string& name) {
  auto c = running(name);
  if (!c)
    return c.error();
  (*c)->told_to_end = true;
  ::kill((*c)->pid, SIGKILL);
  reap(**c, 0);
  return {};
}

result<void> load_processes::suspend(const std::string& name) {
  auto c = running(name);
  if (!c)
    return c.error();
  ::kill((*c)->pid, SIGSTOP);
  return {};
}

result<void> load_processes::resume(const std::string& name) {
  auto c = running(name);
  if (!c)
    return c.error();
  ::kill((*c)->pid, SIGCONT);
  return {};
}

/// @returns whether it has ended.
bool load_processes::reap(child& c, int flags) {
  if (c.pid < 0)
    return true;
  int status = 0;
  pid_t got = 0;
  do
    got = ::waitpid(c.pid, &status, flags);
  while (got < 0 && errno == EINTR);
  if (got == 0)
    return false;
  c.pid = -1;
  return true;
}

std::vector<std::string> load_processes::look() {
  std::vector<std::string> died;
  for (auto& c : children_)
    if (c.pid >= 0 && reap(c, WNOHANG) && !c.told_to_end)
      died.push_back(c.what->name + " ended by itself; " + last_words(c.log));
  return died;
}

void load_processes::stop_all() {
  for (auto& c : children_)
    if (c.pid >= 0) {
      c.told_to_end = true;
      ::kill(c.pid, SIGTERM);
      ::kill(c.pid, SIGCONT); // A suspended process reacts to nothing else.
    }
  const auto until = std::chrono::steady_clock::now() + end_timeout;
  for (auto& c : children_) {
    while (!reap(c, WNOHANG) && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(look_every);
    if (c.pid >= 0) {
      ::kill(c.pid, SIGKILL);
      reap(c, 0);
    }
  }
}

} // namespace penstock::cli
