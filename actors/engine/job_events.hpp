#pragma once

#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <vector>

namespace penstock::actors {

/// Sends the changes of jobs to subscribers.
///
/// While there are subscribers, it asks the engine for the running jobs four times a second and
/// compares the answers with the last ones. The engine reports each end at once. A subscriber gets
/// a snapshot first. Each event costs one credit. Without credit the changes of a job wait as one
/// event, so the memory for a slow subscriber grows with the number of jobs, not of events.
struct job_events_state {
  static inline const char* name = "job-events";
  static constexpr caf::timespan sample_every = std::chrono::milliseconds{250};
  static constexpr size_t subscribers_max = 1000;
  static constexpr uint32_t credit_max = 4096;
  /// Number of ended jobs whose event numbers are kept, so that a retry goes on counting.
  static constexpr size_t ended_kept = 1000;

  void subscribe(const event_query& query, const event_taker_actor& to);
  void credit(uint32_t more, const caf::actor_addr& from);
  /// The engine reports that a job has ended.
  void ended(uint64_t job);
  void wake();
  void down(const caf::actor_addr& who);

  job_events_actor::pointer self = nullptr;
  engine_actor engine;

private:
  struct known_job {
    job_info info;
    uint64_t number = 0;
  };
  struct subscriber {
    event_taker_actor to;
    event_query query;
    uint64_t id = 0; ///< Differs from earlier subscriptions of the same actor.
    uint32_t credit = 0;
    bool ready = false;                  ///< Its snapshot is complete.
    uint64_t last = 0;                   ///< The job of the last event sent.
    std::map<uint64_t, uint8_t> pending; ///< Changes to send, by job.
    bool wants(const job_info& info) const;
  };

  void snapshot(const caf::actor_addr& to, uint64_t id, const std::vector<job_info>& jobs);
  void refuse(const event_taker_actor& to, uint64_t job, error why);
  void update(const job_info& info);
  void look_again(uint64_t job);
  void sampled(const std::vector<job_info>& jobs);
  /// Sends as many events as the credit allows. @returns whether the subscription is over.
  bool flush(subscriber& to);
  void schedule();
  void forget_old();

  std::map<uint64_t, known_job> jobs_;
  std::deque<uint64_t> ended_; ///< Jobs in the order of their ends.
  std::map<caf::actor_addr, subscriber> subscribers_;
  uint64_t next_id_ = 1;
  bool scheduled_ = false;
};

/// Spawned by `engine` and linked to it.
job_events_actor::behavior_type
job_events(job_events_actor::stateful_pointer<job_events_state> self, engine_actor engine);

} // namespace penstock::actors
