#pragma once

#include "actors/node/worker_setup.hpp"
#include "core/attempt/route_walk.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace penstock::actors {

/// A worker as its node knows it.
using pooled_worker_actor = worker_actor::extend<
  // From the node, once it has the report of the last one: the next request.
  caf::reacts_to<atom::assign, worker_task>>;

/// All that a worker knows of the one request that it has.
struct worker_request {
  enum class phase : uint8_t { looking_up, running, backing_off, ended };

  /// One exchange, from asking a lane for leave to its end.
  struct attempt {
    enum class stage : uint8_t { none, asking, sending } stage = stage::none;
    uint64_t id = 0;      ///< Of its permit and its exchange.
    size_t candidate = 0; ///< Of the route.
    shared_request what;  ///< The request, perhaps for another model.
    core::permit permit;  ///< Once it is sending.
    time_point sent;
    std::optional<size_t> beside; ///< Set for a second attempt: the first one's candidate.
    bool is_live() const { return stage != stage::none; }
  };

  worker_task task;
  phase phase_ = phase::ended;
  core::attempt_plan plan_;
  core::route_walk walk_;
  std::array<attempt, 2> attempts_; ///< The first is live if any is.
  core::outcome outcome_;
  std::vector<uint32_t> lanes_; ///< Lanes that the report names, by our numbers.
  std::string last_failure_;    ///< Text of the last attempt that failed.
  std::string cache_key_;       ///< While the cache has a question or a promise of ours.
  bool leads_ = false;          ///< We owe the cache an answer.
  bool told_to_wait_ = false;   ///< In this round, for hours; a lane may take others meanwhile.
  bool joined_ = false;         ///< Answered by an equal request.
  bool other_model_ = false;    ///< Answered by another model than was asked for.
  uint32_t attempts_max_ = 1;   ///< Of this hand-out.
  uint32_t turn_ = 0;           ///< Makes the id of each permit and exchange unique.
  uint32_t hedged_ = 0;         ///< Second attempts.
  bool hedge_won_ = false;
  bool first_permit_ = true;
  bool aborted_ = false; ///< Told to stop, or to drain, while sending.
  time_point started_;
  time_point wake_at_; ///< End of the backoff.
  duration last_attempt_{};
  uint64_t rng_ = 0;
};

/// The attempts of one request.
///
///   start -> looking_up -> running -> (judged) -> ended
///                             ^           |
///                             +- backing_off
///
/// looking_up: the response cache may have the answer, or an equal request in flight may bring it;
/// it is passed over if the job uses no cache. running: one attempt is under way, or two. An
/// attempt is first asking (a lane has our request for a permit), then sending (we hold the permit,
/// and the http client has the exchange). A lane that refuses, or whose key is refused, makes it
/// ask the next one of the route (`core::route_walk`). If it takes long, and the node gives leave,
/// a second attempt starts on another lane; the first answer that ends the request wins, and the
/// other attempt is cancelled.
///
/// Whoever ends an attempt settles its permit, also by dying: the destructor gives back what the
/// worker holds and reports the request as lost, so that nothing depends on monitors.
///
/// After its end a worker waits for the next request of its node, which lets it go when it needs it
/// no more: the birth and death of an actor cost more than the request. What still comes for the
/// one before finds nobody: permits and exchanges have numbers of their own, and what the node said
/// came before the next request.
struct worker_state : private worker_request {
  static inline const char* name = "worker";
  worker_state() = default;
  worker_state(const worker_state&) = delete;
  worker_state& operator=(const worker_state&) = delete;
  ~worker_state();

  void start(worker_task next);
  void granted(const core::permit& permit);
  void refused(uint64_t id, const error& why, duration retry_in);
  void reply(const exchange_reply& answer);
  void abort();
  void drain();
  void found(const cache_hit& hit);
  void lead(uint64_t id);
  void rewire(const wiring& now);
  void lose_lane(uint32_t lane, const error& why);
  void take_long(uint64_t id);
  void hedge();
  void wake();

  pooled_worker_actor::pointer self = nullptr;
  std::shared_ptr<const worker_setup> setup;
  wiring neighbours;
  node_actor node;

private:
  // worker.cpp: the order of things
  const core::request& what() const { return *task.request.what; }
  void ask();
  void ask_anew();
  void back_off(duration wait);
  void finish_round();
  void judged(const attempt& a, core::verdict v, std::string body,
              const core::http_response& reply);
  void go_on(const attempt& a, const core::next_step& next);
  void end(report_kind kind, core::outcome_state state, std::optional<error> failure,
           duration resume_in = {});
  uint64_t random();
  // worker_attempt.cpp: one attempt
  attempt* find(uint64_t id, enum attempt::stage stage);
  const worker_upstream& upstream_of(const attempt& a) const;
  const rate_limiter_actor& limiter_of(const attempt& a) const;
  core::permit_request permit_call(const attempt& a) const;
  void begin(attempt& a, size_t candidate, std::optional<duration> patience);
  void settle(const attempt& a, bool sent, const core::verdict& v, bool abandoned);
  attempt take(attempt& a);
  void cancel(attempt& a);
  void add_cost(const attempt& a, const core::usage& used);
  bool may_hedge() const;
  // worker_cache.cpp
  bool look_up();
  void rewire_cache(const response_cache_actor& now);
  void leave_cache(bool failed);
  void tell_cache(report_kind kind);
};

/// Runs one request to its outcome (or to a reason why it has none) and reports it to `node`; then
/// the next.
pooled_worker_actor::behavior_type worker(pooled_worker_actor::stateful_pointer<worker_state> self,
                                          std::shared_ptr<const worker_setup> setup,
                                          worker_task task, wiring neighbours, node_actor node);

} // namespace penstock::actors
