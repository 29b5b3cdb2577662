#pragma once

#include "core/io/store/response_store.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace penstock::actors {

/// The store of a response cache.
struct response_cache_setup {
  /// Opens the store, also again after a crash. The snapshot reports a failure. Without a store,
  /// equal requests in flight still share one answer.
  std::function<result<std::unique_ptr<io::response_store>>()> open;
  std::function<io::unix_seconds()> wall_now; ///< Unset: the system's clock.
};

/// Answers requests from a store, and lets equal requests in flight share one answer.
///
/// The first request for an unknown key leads: its worker sends it upstream. Other requests for the
/// key wait until the leader publishes its answer; then all of them get it, even if it must not be
/// stored. If the leader leaves without an answer, other requests lead:
/// - The leader was stopped, held by its lane, or died: the next waiting request leads.
/// - The provider failed: after 1, 2, 3 ... failures, 2, 4, 8 ... waiting requests lead at once. So
/// if
///   a request always fails, 1,000 waiting requests fail in ten rounds, not in a thousand; and one
///   short outage costs one more attempt, not a thousand.
/// A restarted cache has lost all that. For `adopt_for` it lets questions wait, until the workers
/// that lead have reported it: all workers are told to ask again at the same time, in any order.
///
/// Published answers are written in groups: after `rows_at_once` answers, or after `flush_every`.
/// Until then they are found in memory. An error of the store disables the store, but fails no job.
struct response_cache_state {
  static inline const char* name = "response-cache";
  static constexpr auto flush_every = std::chrono::milliseconds{5};
  static constexpr auto retry_every = std::chrono::seconds{1};
  static constexpr auto adopt_for = std::chrono::milliseconds{200};
  static constexpr size_t rows_at_once = 256;
  static constexpr uint64_t bytes_at_once = 8u << 20;
  /// Answers waiting for a store that other processes lock.
  static constexpr uint64_t bytes_waiting_max = 64u << 20;

  response_cache_state() = default;
  response_cache_state(const response_cache_state&) = delete;
  response_cache_state& operator=(const response_cache_state&) = delete;
  ~response_cache_state(); ///< Writes the collected answers.

  void start(response_cache_setup setup, bool restarted);
  void look_up(const cache_query& query);
  void adopt(const cache_query& query);
  void publish(const cache_result& result);
  void withdraw(const cache_leave& leave);
  void release(uint64_t owner);
  void flush_due();
  void wake();
  cache_snapshot snapshot() const;

  response_cache_actor::pointer self = nullptr;

private:
  struct waiter {
    cache_query query;
    cache_taker_actor to;
  };
  struct flight {
    std::unordered_map<uint64_t, uint64_t> leaders; ///< Query id and node of each leader.
    std::deque<waiter> waiting;
    uint32_t failures = 0;
    bool keep = false; ///< The job of a request writes to the store.
  };
  using flights = std::unordered_map<std::string, flight>;

  void answer(const waiter& asker);
  shared_answer find(const std::string& key);
  void promote(flights::iterator at);
  void flush();
  void flush_soon(caf::timespan wait);
  void trouble(error why);
  io::unix_seconds wall_now() const;

  response_cache_setup setup_;
  std::unique_ptr<io::response_store> store_; ///< Null: it cannot be used.
  flights flights_;
  std::vector<io::store_row> pending_; ///< Answers to write.
  std::unordered_map<std::string, shared_answer> pending_by_key_;
  uint64_t pending_bytes_ = 0;
  std::vector<waiter> early_; ///< Queries that came while a restarted cache waits for `adopt`.
  bool adopting_ = false, flush_pending_ = false;
  bool retrying_ = false; ///< Another process locks the store; a retry is scheduled.
  cache_snapshot counts_;
};

/// Answers queries of workers. Blocks on the disk: spawn it detached.
/// @param restarted There may be leaders from before the restart.
response_cache_actor::behavior_type
response_cache(response_cache_actor::stateful_pointer<response_cache_state> self,
               response_cache_setup setup, bool restarted);

} // namespace penstock::actors
