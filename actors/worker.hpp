#pragma once

#include "core/attempt_plan.hpp"
#include "core/price_table.hpp"
#include "core/protocol.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace penstock::actors {

/// What all workers of a process share and nobody changes.
struct worker_setup {
  const core::protocol* protocol = nullptr; ///< Of the upstream.
  std::string base_url;
  std::string api_key;                 ///< Never logged, never in a message to another node.
  struct route {
    std::string lane;                  ///< Name, for outcomes.
    std::vector<std::string> models;   ///< Globs; none: takes every model.
  };
  std::vector<route> routes;           ///< By lane, in the order of `wiring::limiters`.
  duration timeout = std::chrono::seconds{600};
  duration idle_timeout = std::chrono::seconds{120};
  uint64_t body_max = 32u << 20;
  std::string cache_family;            ///< Upstreams with the same one give the same answers.
  core::attempt_limits attempts;       ///< `attempts_max` comes with the assignment.
  core::price_table prices;            ///< What an attempt costs.
};

/// What a worker is told about its one request.
struct worker_task {
  assigned_request request;
  uint64_t id = 0;                     ///< Unique among the workers of all nodes; 48 bits.
  uint64_t node_id = 0;
  std::string tenant;
  core::priority priority = core::priority::normal;
  core::mode ran_as = core::mode::parallel;
  uint32_t attempts_max = 5;
  caf::timespan time_left{};           ///< Until the job's deadline; zero: none.
  uint64_t seed = 0;
  std::string client_id;
  core::cache_mode cache = core::cache_mode::off;
};

/// The attempts of one request.
///
///   start -> looking_up -> asking -> sending -> (judged) -> ended
///                             ^                    |
///                             +--- backing_off <---+
///
/// looking_up: the response cache may have the answer, or an equal request in flight may bring it; it
/// is passed over if the job uses no cache. asking: the lane has our request for a permit. sending: we hold a permit and the http client has
/// the exchange. Whoever leaves `sending` settles the permit, also by dying: the destructor gives
/// back what the worker holds and reports the request as lost, so that nothing depends on monitors.
struct worker_state {
  static inline const char* name = "worker";
  worker_state() = default;
  worker_state(const worker_state&) = delete;
  worker_state& operator=(const worker_state&) = delete;
  ~worker_state();

  void start();
  void granted(const core::permit& permit);
  void refused(uint64_t id, const error& why);
  void reply(const exchange_reply& answer);
  void abort();
  void drain();
  void found(const cache_hit& hit);
  void lead(uint64_t id);
  void rewire(const wiring& now);
  void wake();

  worker_actor::pointer self = nullptr;
  std::shared_ptr<const worker_setup> setup;
  worker_task task;
  wiring neighbours;
  node_actor node;

private:
  enum class phase : uint8_t { looking_up, asking, sending, backing_off, ended };

  const core::request& what() const { return *task.request.what; }
  core::permit_request permit_call() const;
  void ask();
  // worker_cache.cpp
  bool look_up();
  void rewire_cache(const response_cache_actor& now);
  void leave_cache(bool failed);
  void tell_cache(report_kind kind);
  void settle(bool sent, const core::verdict& v, bool abandoned = false);
  void judged(core::verdict v, std::string body, int status, duration elapsed);
  void end(report_kind kind, core::outcome_state state, std::optional<error> failure,
           duration resume_in = {});
  uint64_t random();

  phase phase_ = phase::ended;
  core::attempt_plan plan_;
  core::outcome outcome_;
  std::string last_failure_;   ///< Text of the last attempt that failed.
  std::string cache_key_;      ///< While the cache has a question or a promise of ours.
  bool leads_ = false;         ///< We owe the cache an answer.
  bool joined_ = false;        ///< Answered by an equal request.
  size_t lane_ = 0;
  uint32_t turn_ = 0;          ///< Makes the id of each permit and exchange unique.
  bool first_permit_ = true;
  bool aborted_ = false;       ///< Told to stop, or to drain, while sending.
  time_point started_;
  duration last_attempt_{};
  uint64_t rng_ = 0;
};

/// Runs one request to its outcome (or to a reason why it has none) and reports it to `node`.
worker_actor::behavior_type
worker(worker_actor::stateful_pointer<worker_state> self, std::shared_ptr<const worker_setup> setup,
       worker_task task, wiring neighbours, node_actor node);

} // namespace penstock::actors
