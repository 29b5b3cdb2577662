#pragma once

#include "actors/host/head_session.hpp"
#include "apps/penstock/cli/command_entry.hpp"

#include <cstdint>
#include <functional>

namespace penstock::cli {

using actors::error_of_request;
using actors::head_session;
using actors::pending_answer;

/// How long a head may take for an answer. A head with a slow disk may take long.
inline constexpr duration answer_within = std::chrono::seconds{60};

/// What a command that talks to a head works with.
struct client {
  const cluster_command& command;
  head_session& head;
  std::function<int()> signal; ///< The signal that asked us to stop; 0: none.

  const config::settings& settings() const { return command.settings.values; }
  bool has(const std::string& option) const { return command.own.contains(option); }
  /// Prints what is wrong. @returns the exit code for it, that of the signal after an interruption.
  int fail(const error& e) const;
  /// A line for people, on standard error, unless `--quiet`.
  void say(const std::string& text) const;
};

/// Connects to the head of the settings and does `work`. The first SIGINT, SIGTERM or SIGHUP ends
/// the session's waiting, the second one ends the process.
/// @returns the exit code.
int with_head(const cluster_command& command, const std::function<int(client&)>& work);

/// The JOB that a command was given.
result<uint64_t> job_of(const cluster_command& command);
/// The whole number of an own option, or `otherwise`.
result<uint64_t> number_of(const cluster_command& command, const std::string& option,
                           uint64_t otherwise);
/// The time span of an own option, or `otherwise`.
result<duration> span_of(const cluster_command& command, const std::string& option,
                         duration otherwise);

} // namespace penstock::cli
