#pragma once

#include "messages/views.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace penstock::actors {

/// Answers questions about jobs, lanes and tenants, so that they do not slow the engine.
///
/// For an answer it takes a snapshot of the engine, asks the running jobs and the lanes, and
/// combines their answers with the data of the store. Late answers are left out.
struct engine_views_state {
  static inline const char* name = "engine-views";

  caf::result<job_progress> status(uint64_t job);
  caf::result<job_info> info(uint64_t job);
  caf::result<std::vector<job_info>> jobs(job_filter filter);
  caf::result<std::vector<lane_info>> lanes();
  caf::result<std::vector<tenant_counts>> tenants();

  engine_views_actor::pointer self = nullptr;
  engine_actor engine;
  job_reader_actor reader; ///< Null: the engine takes no jobs by value.
  std::vector<std::string> lane_names;

private:
  /// The answers of the engine, its running jobs and its lanes at one moment.
  struct view {
    engine_snapshot engine;
    std::map<uint64_t, job_progress> running;
    std::vector<lane_info> lanes;
  };
  using failure = std::function<void(const caf::error&)>;

  void look(snapshot_query query, bool with_lanes, std::function<void(const view&)> then,
            failure otherwise);
  void ask_jobs_and_lanes(std::shared_ptr<view> now, bool with_lanes,
                          std::function<void(const view&)> then);
  void tell_last_status(uint64_t job, caf::typed_response_promise<job_progress> answer);
  void describe(std::vector<job_info> jobs, std::function<void(std::vector<job_info>)> then,
                failure otherwise);

  static void overlay(job_info& info, const view& now);
  static std::string waits_for(const job_info& info, const view& now);
  static void divide_pending(std::vector<tenant_counts>& rows, const view& now);
};

/// Spawned by `engine` and linked to it.
engine_views_actor::behavior_type
engine_views(engine_views_actor::stateful_pointer<engine_views_state> self, engine_actor engine,
             job_reader_actor reader, std::vector<std::string> lane_names);

} // namespace penstock::actors
