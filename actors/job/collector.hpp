#pragma once

#include "core/job/reorder_buffer.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <optional>
#include <vector>

namespace penstock::actors {

/// The receivers of the collector's results.
struct collector_neighbours {
  sink_actor sink;
  store_actor store; ///< Null: only written results survive a crash.
};

/// Puts the results of a job in order.
///
/// `collect` takes a result, or drops a duplicate. If all earlier results are there, it goes to the
/// sink with the results that follow. Else it waits, and goes to the store, so that a crash does
/// not lose it. At most `writes_max` writes are at the sink at once. Further results wait here and
/// count as held, so that the coordinator reads less while the disk is slow.
struct collector_state {
  static inline const char* name = "collector";
  static constexpr size_t writes_max = 2;
  static constexpr size_t run_max = 512; ///< Results in one write.
  /// Tell the coordinator if so much more is held than it knows. If the first request is slow, the
  /// window must close before later results fill the memory.
  static constexpr uint64_t untold_max = 64u << 10;

  void collect(std::vector<sink_item> items);
  void written(uint64_t below);
  caf::result<bool> close();

  collector_actor::pointer self = nullptr;
  collector_neighbours next;
  coordinator_actor coordinator;
  core::reorder_buffer<sink_item> window{0, 1};
  uint64_t duplicates = 0; ///< Duplicates that were dropped (invariant I2).

  uint64_t written_below = 0; ///< The sink has written all lower indexes.

private:
  void write_due();
  void try_complete_close();
  void tell_progress();
  uint64_t held_bytes() const noexcept;

  std::deque<sink_item> due_; ///< Results in order, not yet sent to the sink.
  struct run {
    uint64_t end = 0; ///< Index after its last result.
    size_t bytes = 0;
  };
  std::deque<run> with_sink_; ///< Writes without an answer, oldest first.
  uint64_t told_bytes_ = 0;   ///< Held bytes, as last told to the coordinator.
  uint64_t due_bytes_ = 0;
  uint64_t with_sink_bytes_ = 0;
  std::optional<caf::typed_response_promise<bool>> closing_;
};

/// Bytes that a waiting result needs.
size_t bytes_of(const sink_item& item) noexcept;

/// Sends the results of one job to `next.sink` in the order of their indexes, from `first` on.
collector_actor::behavior_type collector(collector_actor::stateful_pointer<collector_state> self,
                                         coordinator_actor coordinator, collector_neighbours next,
                                         uint64_t first, uint32_t window);

} // namespace penstock::actors
