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

/// Time limit for every wait of a test: long enough for a busy machine, short enough that the case
/// that hangs is named.
inline constexpr std::chrono::seconds patience{60};

/// Whether this is a sanitizer build, which is several times slower: tests then do less.
bool is_sanitized();
/// `full` rounds, or `reduced` in a sanitizer build.
inline size_t rounds(size_t full, size_t reduced) { return is_sanitized() ? reduced : full; }

/// The first good one of a few measurements, or the last. On a busy machine some are bad.
template <class Measure, class Good>
auto measured(Measure measure, Good good) {
  auto result = measure();
  for (int again = 0; again < 2 && !good(result); ++again)
    result = measure();
  return result;
}

/// Calls `happened` every millisecond until it is true. @returns false if that takes longer than
/// `limit`.
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

/// A program to start, with its environment.
struct command {
  std::vector<std::string> args; ///< The first one is the program.
  std::vector<std::string> env;  ///< "NAME=value", in addition to those that every program needs.
  std::string before;            ///< Shell commands to run first, for example "ulimit -n 64".
  bool input = false;            ///< Its standard input is a pipe from us; else it is empty.
  std::string output_file;       ///< Its standard output; empty: a pipe to us.
  bool hold_output = false;      ///< Do not read that pipe until `read_output`.
};

/// A running program. Killed at the end if it still runs.
class process {
public:
  explicit process(command c);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// Waits for the end. @returns the exit code, or minus the signal that killed it.
  /// @throws std::runtime_error with its last output if it still runs after `limit`.
  int wait(std::chrono::milliseconds limit = 2 * patience);
  bool has_ended();

  /// Writes to its standard input. @returns false if it does not read any more.
  bool write(std::string_view bytes);
  void close_input();
  /// Starts to read its standard output after `hold_output`.
  void read_output();
  /// Closes our end of its standard output, as a reader that ends.
  void close_output();

  std::string out(); ///< Standard output so far.
  std::string err(); ///< Standard error so far.
  /// Waits until standard error contains `text`.
  bool says(std::string_view text, std::chrono::milliseconds limit = patience);

private:
  /// Collects the bytes of one pipe.
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
