#pragma once

#include "actors/job_launcher.hpp"
#include "core/budget.hpp"
#include "core/job_plan.hpp"
#include "core/latency_histogram.hpp"
#include "core/request_window.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace penstock::actors {

/// The state of every request of one job between reading and writing.
///
/// The way of the job: pull chunks while the window has room; tell the engine how many requests are
/// ready; fill the slots it gives with assignments; take the reports. A final outcome goes to the
/// collector; a degradable failure waits for the next mode; what a lane holds back (breaker, quota)
/// waits for that lane. The collector's progress empties the window again.
///
/// The way to the end: (a) every request written: close the collector, the sink, the store, in this
/// order, tell the engine, quit. (b) `drain`: hand out nothing more, and close likewise when nothing
/// is in flight or the grace period is over. (c) `abort`, or an error that ends the job: as (b), but
/// transfers are stopped at once (abort) or left to finish (error). Only (a) marks the output complete.
struct coordinator_state {
  static inline const char* name = "coordinator";

  void start(uint64_t job, engine_actor engine, job_options options, job_parts parts,
             uint32_t incarnation);
  void take_chunk(const request_chunk& chunk);
  void take_slots(node_actor node, uint64_t node_id, uint32_t slots);
  void take_reports(const report_batch& batch);
  void take_progress(const collector_progress& progress);
  void lose_node(uint64_t node);
  void drain();
  void abort();
  void cancel();
  void fail(error why);
  void wake();
  job_progress status() const;

  coordinator_actor::pointer self = nullptr;
  collector_actor collector;

private:
  enum class phase : uint8_t { running, stopping, closing, ended };

  // coordinator.cpp: the flow
  uint32_t collector_window() const;
  void maybe_pull();
  void announce();
  uint32_t handout_limit();
  bool eligible() const;
  bool affords(uint64_t index) const;
  void check_budget();
  void step();
  void deliver(shared_outcome outcome);
  void flush_outcomes();
  // coordinator_reports.cpp: results, modes, held lanes
  void take_report(const work_report& report);
  void finish(uint64_t index, shared_outcome outcome);
  void end_open(uint64_t index, core::outcome_state state, error why);
  void end_open_as(core::outcome_state state, error why);
  void hold(uint64_t index, const work_report& report);
  void release_held(const std::string& lane);
  void retry_held(time_point now);
  void give_up(error why);
  void change_mode();
  void step_down();
  void go_on_with_detour();
  void count(const core::outcome& outcome);
  // coordinator_stop.cpp: deadlines and ends
  void stop(job_state as, error why);
  void abort_in_flight();
  void schedule_wake(duration after);
  void schedule_next_wake();
  void try_close();
  void close_next(int stage);
  void report_end();

  uint64_t job_ = 0;
  uint32_t life_ = 1;
  engine_actor engine_;
  job_options options_;
  job_parts parts_;
  core::job_plan plan_;
  core::request_window window_;
  core::budget budget_;
  std::unordered_set<uint64_t> recorded_; ///< Indexes whose results came with the parts.
  std::map<uint64_t, node_actor> nodes_;  ///< Those that had work of ours.
  std::vector<sink_item> outcomes_;       ///< Final, on their way to the collector.

  /// Requests of one lane that takes nothing now.
  struct held_lane {
    time_point since;    ///< When it began without a success in between.
    time_point retry_at; ///< Then one request goes to see.
    bool quota = false;  ///< Out of its daily quota: no patience needed, the time is known.
    error cause;
  };
  std::map<std::string, held_lane> held_;
  std::string last_failure_; ///< Of a request that was carried over.
  std::unordered_set<std::string> lanes_seen_well_; ///< Lanes that answered at least once.

  phase phase_ = phase::running;
  bool pull_pending_ = false;
  bool source_ended_ = false;
  bool leaving_ = false;              ///< The mode is being left early.
  std::optional<uint64_t> detour_;    ///< The carried request that runs now, on a detour.
  uint32_t told_ = 0;                 ///< Demand as the engine knows it.
  uint64_t held_bytes_ = 0;           ///< Results not yet at the sink, by the collector.
  std::optional<core::outcome_state> ending_as_; ///< Cancelled or expired: nothing is sent any more.
  std::optional<time_point> deadline_, grace_end_;
  std::optional<time_point> wake_at_;
  job_progress counts_;
  core::latency_histogram attempts_;
};

/// Runs one job to its end and tells `engine`. Linked to the job's other actors: if one of them
/// dies, all do, and the engine opens the job again as after a crash.
coordinator_actor::behavior_type
coordinator(coordinator_actor::stateful_pointer<coordinator_state> self, uint64_t job,
            engine_actor engine, job_options options, std::shared_ptr<job_parts> parts,
            uint32_t incarnation);

} // namespace penstock::actors
