#pragma once

#include "core/base/defaults.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <deque>
#include <map>
#include <string>

namespace penstock::actors {

/// Options of a live desk.
struct live_desk_options {
  /// Share of a node's slots that live requests have for themselves, in addition to those of jobs.
  double slot_share = 0.25;
  size_t waiting_max = 4096; ///< More requests without a slot are refused at once.
  uint32_t attempts_max = core::defaults::attempts;
  core::cache_mode cache = core::cache_mode::off;
};

/// Sends live requests to the nodes and tells their waiters what comes back. It has no window, no
/// collector and no files.
///
///   waiting -> at a node -> ended
///      ^          |
///      +----------+  given back, its node died, or all of its lanes are closed for now
///
/// A request that was passed on in part is never sent again. A waiter hears `ended` exactly once,
/// unless its request was cancelled.
struct live_desk_state {
  static inline const char* name = "live_desk";
  /// How often a request is sent again whose node died or gave it back.
  static constexpr uint32_t returns_max = 3;

  void submit(live_request what);
  void cancel(uint64_t id);
  void credit(uint64_t id, uint64_t bytes);
  void slots(node_actor node, uint64_t id, uint32_t slots);
  void report(const report_batch& batch);
  void part(const stream_part& p);
  /// A node is gone. Its requests are sent again.
  void lost(uint64_t node);
  void wake();

  live_desk_actor::pointer self = nullptr;
  live_desk_options options;

private:
  struct node_entry {
    node_actor actor;
    uint32_t slots = 0; ///< For live requests; 0: it takes none now.
    uint32_t in_use = 0;
  };
  struct call {
    live_request what;
    time_point until;     ///< End of its patience.
    time_point retry_at;  ///< Its lanes are closed until then, as far as we know.
    uint64_t node = 0;    ///< 0: it waits.
    request_key key;      ///< Of the last hand-out.
    uint32_t returns = 0; ///< Times that it came back without an answer.
    bool cancelled = false;
    bool begun = false;       ///< The waiter has a part of the answer.
    bool stream_done = false; ///< The last part has come.
    shared_outcome last;      ///< The last report.
  };
  using call_map = std::map<uint64_t, call>;

  void dispatch();
  void hand_out(call& c, uint64_t node);
  void ended(call_map::iterator it, const core::outcome& o);
  void fail(call_map::iterator it, error why);
  void take_back(call_map::iterator it);
  void apply(const work_report& report);
  void schedule_wake();
  call_map::iterator find(const request_key& key);

  call_map calls_;
  std::map<uint64_t, node_entry> nodes_;
  /// Requests without a node, by priority.
  std::array<std::deque<uint64_t>, 3> waiting_;
  size_t waiting_count_ = 0;
  uint32_t epoch_ = 0;
  bool wake_pending_ = false;
};

/// The desk for live requests of a head.
live_desk_actor::behavior_type live_desk(live_desk_actor::stateful_pointer<live_desk_state> self,
                                         live_desk_options options);

} // namespace penstock::actors
