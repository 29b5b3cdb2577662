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

/// Where a response cache keeps its answers.
struct response_cache_setup {
  /// Opens the store, again after a crash. A failure is told in the snapshot; requests are joined
  /// without a store, too.
  std::function<result<std::unique_ptr<io::response_store>>()> open;
  std::function<io::unix_seconds()> wall_now; ///< Unset: the system's clock.
};

/// Answers kept in a store, and requests in flight that are equal.
///
/// The first asker of a key that nobody has the answer to leads: it goes to the upstream. Who asks
/// for the same key meanwhile waits (and sends nothing) until the leader publishes its answer,
/// which all of them get, also one that is not to be kept. A leader that leaves without an answer
/// hands over:
///   - it was stopped, held back by its lane, or died: the next of the waiting leads;
///   - the upstream failed it: as many lead as it takes for 2, 4, 8 ... to be under way, by the
///   number
///     of failures. A request that always fails thus fails for 1,000 waiting ones in ten rounds,
///     not in a thousand, and one bad moment costs one attempt more, not a thousand.
/// A restarted cache has lost all that. It lets questions wait for `adopt_for`, until those that
/// lead have told so: the workers are told to ask again all at once, in any order.
///
/// Published answers are written in groups: `rows_at_once`, or what came in `flush_every`. Until
/// then they are found in memory. An error of the store costs the cache, never the job.
struct response_cache_state {
  static inline const char* name = "response-cache";
  static constexpr auto flush_every = std::chrono::milliseconds{5};
  static constexpr auto retry_every = std::chrono::seconds{1};
  static constexpr auto adopt_for = std::chrono::milliseconds{200};
  static constexpr size_t rows_at_once = 256;
  static constexpr uint64_t bytes_at_once = 8u << 20;
  static constexpr uint64_t bytes_waiting_max = 64u << 20; ///< For a store in use by others.

  response_cache_state() = default;
  response_cache_state(const response_cache_state&) = delete;
  response_cache_state& operator=(const response_cache_state&) = delete;
  ~response_cache_state(); ///< Writes what waits.

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
    std::unordered_map<uint64_t, uint64_t> leaders; ///< Asker and its owner.
    std::deque<waiter> waiting;
    uint32_t failures = 0;
    bool keep = false; ///< Somebody's job writes to the store.
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
  std::unique_ptr<io::response_store> store_; ///< Null if it cannot be used.
  flights flights_;
  std::vector<io::store_row> pending_; ///< To be written.
  std::unordered_map<std::string, shared_answer> pending_by_key_;
  uint64_t pending_bytes_ = 0;
  std::vector<waiter> early_; ///< Askers while a restarted cache adopts.
  bool adopting_ = false, flush_pending_ = false;
  bool retrying_ = false; ///< Others hold the store.
  cache_snapshot counts_;
};

/// Answers equal requests once. Blocks on the disk: spawn it detached.
/// @param restarted An earlier life may have let askers lead.
response_cache_actor::behavior_type
response_cache(response_cache_actor::stateful_pointer<response_cache_state> self,
               response_cache_setup setup, bool restarted);

} // namespace penstock::actors
