#pragma once

#include "apps/penstock/view/summary.hpp"
#include "core/view/rate_window.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace penstock::cli {

/// Asks an engine and its lanes about a job.
class run_observer {
public:
  run_observer(caf::actor_system& sys, supervisor_actor supervisor, engine_actor engine,
               uint64_t job, std::vector<std::string> lane_names);
  /// Updates `view.job` and `view.lanes`. Without an answer in time, they keep their values.
  void look(run_view& view, bool job_too = true);

private:
  caf::actor_system& sys_;
  supervisor_actor supervisor_;
  engine_actor engine_;
  uint64_t job_;
  std::vector<std::string> lane_names_;
};

/// Shows progress on stderr while it lives: a line that is redrawn on a terminal (5 times a
/// second), a new line every 10 s elsewhere.
class progress_display {
public:
  /// @param look Brings a view up to date; called on a thread of the display.
  progress_display(std::function<void(run_view&)> look, run_view start);
  ~progress_display();
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

private:
  void run();
  void show(const run_view& view, time_point now);

  std::function<void(run_view&)> look_;
  run_view view_;
  core::rate_window rates_;
  bool terminal_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace penstock::cli
