#pragma once

#include "actors/host/event_feed.hpp"
#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/outcome_output.hpp"
#include "apps/penstock/view/summary.hpp"

#include <optional>
#include <string>

namespace penstock::cli {

/// Keeps a view of a job up to date by the events of the job. One thread uses it.
class live_job {
public:
  live_job(head_session& head, uint64_t job);
  /// Takes the new events, and asks for the state of the lanes. A lane without an answer in time
  /// keeps its values.
  void look(run_view& view);

private:
  head_session& head_;
  actors::event_feed feed_;
};

/// Writes the outcomes of a job to `out` until it has ended, with progress and summary like those
/// of `penstock run`. @param view The data of the job. @returns the exit code.
int follow_to_end(client& c, const job_info& job, outcome_output& out, run_view view,
                  time_point begun);

/// How to run again what did not complete: "penstock retry 17 runs the 3 again ...".
std::string retry_words(const cluster_command& command, uint64_t job, uint64_t requests);

/// What may be done with a job that goes on: "follow: penstock results 17 --follow ...".
std::string hints(const cluster_command& command, uint64_t job, const std::string& output);

/// A line on the terminal while requests are sent to the head; nothing if it is not a terminal.
class send_display {
public:
  explicit send_display(std::optional<uint64_t> total);
  ~send_display();
  send_display(const send_display&) = delete;
  send_display& operator=(const send_display&) = delete;
  void show(uint64_t accepted);

private:
  std::optional<uint64_t> total_;
  bool terminal_;
  bool shown_ = false;
  time_point next_{};
};

} // namespace penstock::cli
