#pragma once

#include "actors/host/head_session.hpp"
#include "apps/penstock/cli/command_entry.hpp"

#include <cstdint>
#include <functional>

namespace penstock::cli {

using actors::error_of_request;
using actors::head_session;
using actors::pending_answer;

/// Time limit for an answer of a head; long, because its disk may be slow.
inline constexpr duration answer_within = std::chrono::seconds{60};

/// The tools of a command for a head.
struct client {
  const cluster_command& command;
  head_session& head;
  std::function<int()> signal; ///< The signal that told us to stop; 0: none.

  const config::settings& settings() const { return command.settings.values; }
  bool has(const std::string& option) const { return command.own.contains(option); }
  /// Prints an error. @returns its exit code; after an interruption, that of the signal.
  int fail(const error& e) const;
  /// A line for people, on standard error, unless `--quiet`.
  void say(const std::string& text) const;
};

/// Connects to the head of the settings and runs `work`. The first SIGINT, SIGTERM or SIGHUP ends
/// all waiting of the session, the second one ends the process.
/// @returns the exit code.
int with_head(const cluster_command& command, const std::function<int(client&)>& work);

/// The argument JOB of a command.
result<uint64_t> job_of(const cluster_command& command);
/// The value of an own option as a whole number, or `otherwise`.
result<uint64_t> number_of(const cluster_command& command, const std::string& option,
                           uint64_t otherwise);
/// The value of an own option as a time span, or `otherwise`.
result<duration> span_of(const cluster_command& command, const std::string& option,
                         duration otherwise);

} // namespace penstock::cli
