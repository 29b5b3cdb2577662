#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace penstock::test {

/// Deadline of everything that a test waits for: long enough for a busy machine, short enough to
/// name the case that hangs.
inline constexpr std::chrono::seconds patience{60};

/// Whether this is a sanitizer build, several times slower: tests do less of the same then.
bool is_sanitized();
/// `full` rounds, or `reduced` in a sanitizer build.
inline size_t rounds(size_t full, size_t reduced) { return is_sanitized() ? reduced : full; }

/// The first good one of a few measurements, or the last: neighbours on a busy machine make some
/// bad.
template <class Measure, class Good>
auto measured(Measure measure, Good good) {
  auto result = measure();
  for (int again = 0; again < 2 && !good(result); ++again)
    result = measure();
  return result;
}

/// Asks `happened` every millisecond until it is true. @returns false if it was not within `limit`.
template <class Predicate>
bool wait_until(Predicate happened, std::chrono::milliseconds limit = patience) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!happened()) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

/// What to start and with what around it.
struct command {
  std::vector<std::string> args; ///< The first one is the program.
  std::vector<std::string> env;  ///< "NAME=value", besides the few that every program needs.
  std::string before;            ///< Shell commands before it, for example "ulimit -n 64".
  bool input = false;            ///< Its standard input is a pipe from us; else it is empty.
  std::string output_file;       ///< Its standard output; empty: a pipe to us.
  bool hold_output = false;      ///< Nobody reads that pipe until `read_output`.
};

/// A running program. Killed in the end if it still runs.
class process {
public:
  explicit process(command c);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// Waits for the end. @returns the exit code, or minus the signal that killed it.
  /// @throws std::runtime_error with its last words if it runs on after `limit`.
  int wait(std::chrono::milliseconds limit = 2 * patience);
  bool has_ended();

  /// Writes to its standard input. @returns false if it no longer reads.
  bool write(std::string_view bytes);
  void close_input();
  /// Starts to read a standard output that was held.
  void read_output();
  /// Closes our end of its standard output: its reader is gone.
  void close_output();

  std::string out(); ///< Standard output so far.
  std::string err(); ///< Standard error so far.
  /// Waits until standard error contains `text`.
  bool says(std::string_view text, std::chrono::milliseconds limit = patience);

private:
  /// Collects what comes out of one pipe.
  struct drain {
    int fd = -1;
    std::string text;
    std::thread thread;
  };
  void start(drain& d);
  void finish(drain& d);

  pid_t pid_ = -1;
  int input_ = -1;
  int status_ = 0;
  bool ended_ = false;
  std::mutex mutex_; ///< Guards the texts.
  std::condition_variable grown_;
  drain out_, err_;
};

/// Runs a program to its end.
struct finished {
  int code = -1;
  std::string out, err;
};
finished run_to_end(command c, std::chrono::milliseconds limit = 2 * patience);

} // namespace penstock::test
