#pragma once

#include "actors/job/jsonl_source.hpp"
#include "core/io/file/run_files.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::actors {

/// Sink and store of a run over files, in one actor because they share one thread and one order.
///
/// Written lines are handed to the system at once and acknowledged; they survive the death of the
/// process, and within `commit_every` that of the machine. Results that wait for their turn are
/// committed to the journal in groups: a group is what has come while the last one was written. A
/// result whose turn came before its group was written never touches the journal.
struct run_output_state {
  static inline const char* name = "run-output";
  static constexpr auto commit_every = std::chrono::seconds{1};

  void write(std::vector<sink_item> items, const written_taker_actor& to);
  void keep(std::vector<sink_item> items);
  bool close(bool complete);
  void flush();
  void mark();

  run_output_actor::pointer self = nullptr;
  std::optional<io::run_files> files;
  std::shared_ptr<shared_mark> input_mark;

private:
  result<void> note_input(uint64_t end);
  void commit_soon();
  void keep_after_failure(const std::vector<sink_item>& items);

  std::vector<sink_item> waiting_;
  std::string lines_; ///< Scratch of `write`.
  std::vector<core::output_record> records_;
  bool flush_pending_ = false, commit_pending_ = false, closed_ = false;
};

/// Writes the output and the journal of one run. Blocks on the disk: spawn it detached. Quits with
/// the disk's error; the files are closed, and their lock is free, when it is gone.
run_output_actor::behavior_type
run_output(run_output_actor::stateful_pointer<run_output_state> self,
           std::shared_ptr<io::run_files> files, std::shared_ptr<shared_mark> input_mark);

} // namespace penstock::actors
