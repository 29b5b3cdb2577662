#pragma once

#include "core/job/reorder_buffer.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <optional>
#include <vector>

namespace penstock::actors {

/// Where the collector's results go.
struct collector_neighbours {
  sink_actor sink;
  store_actor store; ///< May be null: then nothing survives a crash but what is at the sink.
};

/// Results on their way into order.
///
/// Life of a result: `collect` takes it (or drops a duplicate). If its turn has come it goes to the
/// sink with all that follow it; else it waits in the window and goes to the store, so that a crash
/// does not lose it. At most `writes_max` runs are with the sink at once; what is due beyond that
/// stays here and counts as held, which closes the coordinator's window while the disk is slow.
struct collector_state {
  static inline const char* name = "collector";
  static constexpr size_t writes_max = 2;
  static constexpr size_t run_max = 512; ///< Results of one write.
  /// So much more held than the coordinator knows of is worth a message of its own: a slow first
  /// request must close the window before the results behind it fill the memory.
  static constexpr uint64_t untold_max = 64u << 10;

  void collect(std::vector<sink_item> items);
  void written(uint64_t below);
  caf::result<bool> close();

  collector_actor::pointer self = nullptr;
  collector_neighbours next;
  coordinator_actor coordinator;
  core::reorder_buffer<sink_item> window{0, 1};
  uint64_t duplicates = 0; ///< Refused, for I2.

  uint64_t written_below = 0; ///< All lower indexes are at the sink.

private:
  void write_due();
  void try_complete_close();
  void tell_progress();
  uint64_t held_bytes() const noexcept;

  std::deque<sink_item> due_; ///< In order, not yet sent to the sink.
  struct run {
    uint64_t end = 0; ///< Index after its last result.
    size_t bytes = 0;
  };
  std::deque<run> with_sink_; ///< Runs under way, oldest first.
  uint64_t told_bytes_ = 0;   ///< Held, as the coordinator knows it.
  uint64_t due_bytes_ = 0;
  uint64_t with_sink_bytes_ = 0;
  std::optional<caf::typed_response_promise<bool>> closing_;
};

/// Bytes a result occupies while it waits.
size_t bytes_of(const sink_item& item) noexcept;

/// Releases the results of one job to `next.sink` in the order of their indexes, from `first` on.
collector_actor::behavior_type collector(collector_actor::stateful_pointer<collector_state> self,
                                         coordinator_actor coordinator, collector_neighbours next,
                                         uint64_t first, uint32_t window);

} // namespace penstock::actors
