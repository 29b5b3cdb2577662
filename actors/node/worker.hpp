#pragma once

#include "actors/node/worker_setup.hpp"
#include "core/attempt/route_walk.hpp"
#include "core/base/exchange.hpp"
#include "core/protocol/stream_reader.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace penstock::actors {

/// A worker, with the messages of its node.
using pooled_worker_actor = worker_actor::extend<
  // From the node, after the report of the last request: the next request.
  caf::reacts_to<atom::assign, worker_task>>;

/// The state of the current request of a worker.
struct worker_request {
  /// Bytes of a stream that may be on their way to its reader.
  static constexpr uint64_t stream_credit = 64u << 10;
  enum class phase : uint8_t { looking_up, running, backing_off, ended };

  /// One attempt, from asking a lane for a permit to its end.
  struct attempt {
    enum class stage : uint8_t { none, asking, sending } stage = stage::none;
    uint64_t id = 0;      ///< Id of its permit and its exchange.
    size_t candidate = 0; ///< Its place in the route.
    shared_request what;  ///< The request, perhaps with another model.
    core::permit permit;  ///< Valid while it is sending.
    time_point sent;
    std::optional<size_t> beside; ///< Of a second attempt: the candidate of the first one.
    bool is_live() const { return stage != stage::none; }
  };

  worker_task task;
  phase phase_ = phase::ended;
  core::attempt_plan plan_;
  core::route_walk walk_;
  std::array<attempt, 2> attempts_; ///< If there is one attempt, it is the first.
  core::outcome outcome_;
  std::vector<uint32_t> lanes_; ///< Lanes for the report, by our numbers.
  std::string last_failure_;    ///< Text of the last attempt that failed.
  std::string cache_key_;       ///< Set while the cache has our question, or waits for our answer.
  bool leads_ = false;          ///< The cache waits for our answer.
  bool told_to_wait_ = false;   ///< Told to wait for hours in this round; others may still be sent.
  bool joined_ = false;         ///< The answer came from an equal request in flight.
  bool other_model_ = false;    ///< The answer came from another model than requested.
  uint32_t attempts_max_ = 1;   ///< Attempts allowed in this hand-out.
  uint32_t turn_ = 0;           ///< Makes the id of each permit and exchange unique.
  uint32_t excused_ = 0;        ///< Probes of a lane that was down.
  uint32_t hedged_ = 0;         ///< Number of second attempts.
  bool hedge_won_ = false;
  bool first_permit_ = true;
  bool aborted_ = false; ///< Told to stop or drain while sending.
  time_point started_;
  time_point wake_at_; ///< End of the pause between two attempts.
  duration last_attempt_{};
  uint64_t rng_ = 0;

  /// An answer that comes in parts.
  struct stream {
    core::stream_reader reader;
    std::string content_type;
    std::string kept;    ///< The body of an answer that is not passed on.
    std::string held;    ///< Comments before the first event, which are not passed on alone.
    uint64_t sent = 0;   ///< Bytes passed on.
    uint64_t ahead = 0;  ///< Bytes not passed on yet, whose credit was given back already.
    uint64_t skip = 0;   ///< The same, passed on: their reader's credit is not given back again.
    bool passes = false; ///< It is a stream of events.
    bool begun = false;  ///< The client has its beginning: no other attempt can follow.
  };
  stream stream_;
};

/// The attempts of one request.
///
///   start -> looking_up -> running -> (judged) -> ended
///                             ^           |
///                             +- backing_off
///
/// looking_up: the response cache may have the answer, or an equal request in flight may bring it.
/// Without a cache the worker skips this state.
/// running: one or two attempts are in progress. An attempt first asks a lane for a permit. With
/// the permit it sends the exchange. If a lane refuses, or its key is refused, the attempt asks the
/// next lane of the route (`core::route_walk`). If the attempt takes long, and the node allows it,
/// a second attempt starts on another lane. The first answer that ends the request is used; the
/// other attempt is cancelled.
///
/// Every attempt settles its permit at its end, even if the worker dies: the destructor gives back
/// the permits and reports the request as lost, so that no monitor is needed.
///
/// Then the worker waits for the next request of its node, because spawning an actor costs more
/// than a request. The node ends a worker that it does not need. Late messages for the previous
/// request are ignored: ids of permits and exchanges are never reused, and messages of the node
/// come in order.
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
  void head(uint64_t id, int status, std::string type);
  void part(uint64_t id, const std::string& bytes);
  void credit(uint64_t bytes);
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
  // worker_stream.cpp: answers in parts
  void tap(core::exchange& call);
  void pass_on(std::string text);
  void grant(uint64_t id, uint64_t bytes);
  void end_stream(attempt& of, const core::http_response& response);
  // worker_cache.cpp
  bool look_up();
  void rewire_cache(const response_cache_actor& now);
  void leave_cache(bool failed);
  void tell_cache(report_kind kind);
};

/// Runs one request until it has an outcome (or a reason why not) and reports it to `node`. Then it
/// takes the next request.
pooled_worker_actor::behavior_type worker(pooled_worker_actor::stateful_pointer<worker_state> self,
                                          std::shared_ptr<const worker_setup> setup,
                                          worker_task task, wiring neighbours, node_actor node);

} // namespace penstock::actors
