#pragma once

#include "actors/job/job_launcher.hpp"
#include "core/job/budget.hpp"
#include "core/job/first_refusals.hpp"
#include "core/job/held_lanes.hpp"
#include "core/job/job_plan.hpp"
#include "core/base/latency_histogram.hpp"
#include "core/pack/pack.hpp"
#include "core/pack/pack_queue.hpp"
#include "core/pack/packs_in_flight.hpp"
#include "core/job/request_window.hpp"
#include "core/job/suspects.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace penstock::actors {

/// The state of every request of one job between reading and writing.
///
/// The flow: pull chunks while the window has room; tell the engine how many requests are ready;
/// fill the slots of the engine with assignments; read the reports. A final outcome goes to the
/// collector. A degradable failure waits for the next mode. A held request waits for its lanes. The
/// collector reports what is written, which frees the window.
///
/// Packs (design section 6): a pack is one request made of several, with the key of the first one.
/// Node and worker do not know about packs; the report is split here. All requests of a pack are in
/// flight and get a new epoch. A correct answer ends its request. The others go into packs of half
/// the size. These attempts count in `attempts`, but not against `attempts_max`, because halving
/// limits them (10 entries: three packs, then alone).
///
/// Losses: the requests of a dead worker or node are sent again at once, before new requests
/// (`core::suspects`). A request that a leaving node gives back is not lost.
///
/// The end: (a) Every request is written: close the collector, then the sink with the store, tell
/// the engine, quit. (b) `drain`: hand out no more requests; close in the same way when nothing is
/// in flight or the grace period is over. (c) `abort`, or an error that ends the job: as (b), but
/// transfers are aborted at once (abort) or may finish (error). Only (a) marks the output as
/// complete.
struct coordinator_state {
  static inline const char* name = "coordinator";

  void start(uint64_t job, engine_actor engine, job_options options, job_parts parts,
             uint32_t incarnation);
  void take_chunk(const request_chunk& chunk);
  void take_slots(node_actor node, uint64_t node_id, uint32_t slots);
  void take_reports(const report_batch& batch);
  void take_progress(const collector_progress& progress);
  void lose_node(uint64_t node);
  void part_from(uint64_t node);
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
  void step();
  void deliver(shared_outcome outcome);
  void flush_outcomes();
  // coordinator_handout.cpp: which request is next
  bool eligible() const;
  size_t handouts() const;
  std::optional<uint64_t> next_index();
  uint32_t handout_limit();
  bool affords(uint64_t index) const;
  void check_budget();
  void announce();
  assignment make_assignment() const;
  assigned_request hand_out(uint64_t index, uint64_t node_id);
  bool send_pack(const std::vector<uint64_t>& members, const node_actor& node, uint64_t node_id);
  // coordinator_reports.cpp: results
  void check_report(const work_report& report, uint64_t node);
  void take_report(const work_report& report);
  static bool ended_by_itself(const work_report& report);
  void note(const work_report& report);
  void apply(const work_report& report);
  bool used_up(const core::window_entry& entry) const;
  void finish(uint64_t index, shared_outcome outcome);
  void end_open(uint64_t index, core::outcome_state state, error why);
  void end_open_as(core::outcome_state state, error why);
  void take_back(uint64_t node, report_kind kind);
  void count(const core::outcome& outcome, const core::window_entry& entry);
  // coordinator_held.cpp: refusals withheld, lanes that refuse, requests told to wait
  void hold(uint64_t index, const work_report& report);
  void retry_held(time_point now);
  void give_up(error why);
  bool withhold(uint64_t index, const work_report& report);
  void release_withheld();
  void settle_withheld();
  bool only_held(size_t of_them) const;
  void settle_told_to_wait();
  // coordinator_modes.cpp: modes and detours
  void change_mode();
  void step_down();
  void begin_detour();
  void go_on_with_detour();
  bool can_pack(uint64_t index);
  void skip(uint64_t index);
  // coordinator_packs.cpp: reports of packs, canaries
  void take_pack(const work_report& report, double cost);
  void take_member(const work_report& report, const core::pack_deal& pack, size_t i,
                   double lost_cost);
  void end_canary(const work_report& report);
  void end_waiting_canaries();
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
  std::unordered_set<uint64_t> recorded_; ///< Indexes of recorded results.
  std::map<uint64_t, node_actor> nodes_;  ///< Nodes that got work of this job.
  std::vector<sink_item> outcomes_;       ///< Final results to send to the collector.

  core::held_lanes held_;
  core::first_refusals refusals_;
  uint64_t turn_ = 0; ///< Number of hand-outs in this life.

  phase phase_ = phase::running;
  bool pull_pending_ = false;
  bool source_ended_ = false;
  bool leaving_ = false;      ///< The mode is given up early.
  std::set<uint64_t> detour_; ///< Carried requests that run now, on a detour.
  core::pack_queue packable_;
  core::packs_in_flight packs_;
  core::suspects suspects_;
  core::canaries canaries_;  ///< Requests with an answer of a pack that also run alone.
  uint32_t told_ = 0;        ///< The demand last told to the engine.
  size_t handouts_peak_ = 0; ///< Largest number in flight in this life.
  uint64_t held_bytes_ = 0;  ///< Bytes of results not yet written, from the collector.
  uint64_t waiting_ = 0;     ///< Results that wait only for the sink, from the collector.
  /// Set if open requests end as cancelled or expired: no request is sent any more.
  std::optional<core::outcome_state> ending_as_;
  std::optional<time_point> deadline_, grace_end_;
  std::optional<time_point> wake_at_;
  job_progress counts_;
  core::latency_histogram attempts_;
};

/// Runs one job to its end and tells `engine`. Linked to the other actors of the job: if one dies,
/// all die, and the engine opens the job again as after a crash.
coordinator_actor::behavior_type
coordinator(coordinator_actor::stateful_pointer<coordinator_state> self, uint64_t job,
            engine_actor engine, job_options options, std::shared_ptr<job_parts> parts,
            uint32_t incarnation);

} // namespace penstock::actors
