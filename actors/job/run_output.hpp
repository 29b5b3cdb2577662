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

/// Sink and store of a run over files. One actor for both, so that their writes have one order.
///
/// Lines are written to the file at once and acknowledged. They survive the death of the process,
/// and after `commit_every` the death of the machine. Results that wait for earlier ones are
/// committed to the journal in groups: all that came while the last group was written. A result
/// that is written to the output before its group is never stored in the journal. Where an
/// output is written anew, lines have other numbers than their requests (`run_files`).
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
  shared_reading shared;

private:
  core::line_place place_of(uint64_t number) const;
  result<void> note_input(uint64_t end);
  void commit_soon();
  void keep_after_failure(const std::vector<sink_item>& items);

  std::vector<sink_item> waiting_;
  std::string lines_; ///< Reused buffer of `write`.
  std::vector<core::output_record> records_;
  bool flush_pending_ = false, commit_pending_ = false, closed_ = false;
};

/// Writes the output and the journal of one run. Blocks on the disk: spawn it detached. Quits with
/// the error of the disk. When it has ended, the files are closed and their lock is free.
run_output_actor::behavior_type
run_output(run_output_actor::stateful_pointer<run_output_state> self,
           std::shared_ptr<io::run_files> files, shared_reading shared);

} // namespace penstock::actors
