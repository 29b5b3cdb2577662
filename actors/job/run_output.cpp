#include "actors/job/run_output.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

void run_output_state::write(std::vector<sink_item> items, const written_taker_actor& to) {
  lines_.clear();
  records_.clear();
  for (auto& item : items) {
    if (item.line) {
      lines_ += *item.line;
      if (lines_.empty() || lines_.back() != '\n')
        lines_ += '\n';
      auto record = core::parse_output_line(*item.line);
      if (!record) {
        self->quit(to_caf(record.error()));
        return;
      }
      records_.push_back(std::move(*record));
    } else {
      const auto at = place_of(item.index);
      core::append_output_line(lines_, *item.outcome, at);
      records_.push_back(core::record_of(*item.outcome));
      records_.back().index = at.index;
    }
  }
  auto written = note_input(files->next_index() + items.size()); // A pipe has no lines that stay.
  if (written)
    written = files->write(lines_, records_);
  if (!written) {
    keep_after_failure(items);
    self->quit(to_caf(written.error()));
    return;
  }
  const auto below = files->sent_below(files->next_index());
  if (shared.sums)
    shared.sums->forget_below(below);
  self->send(to, atom::written_v, below);
  commit_soon();
}

core::line_place run_output_state::place_of(uint64_t number) const {
  return {files->place_of(number), shared.sums ? shared.sums->of(number) : 0};
}

/// Stores the mark of a pipe before a line of it is written, so that a later run can check that it
/// gets the same input. The source reads ahead, so this happens at most once per chunk.
result<void> run_output_state::note_input(uint64_t end) {
  if (!shared.mark || !files->is_resumable() || files->expected_start().requests >= end)
    return {};
  const auto read = shared.mark->get();
  return files->keep({}, &read);
}

void run_output_state::keep(std::vector<sink_item> items) {
  if (!files->is_resumable())
    return;
  waiting_.insert(waiting_.end(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  if (!flush_pending_) {
    flush_pending_ = true;
    self->send(self, atom::flush_v);
  }
}

void run_output_state::flush() {
  flush_pending_ = false;
  std::vector<io::journal_row> rows;
  for (auto& item : waiting_)
    if (const auto at = place_of(item.index); at.index >= files->next_index()) {
      std::string line;
      core::append_output_line(line, *item.outcome, at);
      rows.emplace_back(at.index, std::move(line));
    }
  waiting_.clear();
  if (rows.empty())
    return;
  const auto read = shared.mark ? std::optional{shared.mark->get()} : std::nullopt;
  if (auto kept = files->keep(rows, read ? &*read : nullptr); !kept)
    self->quit(to_caf(kept.error()));
  commit_soon(); // Stored rows need a sync, too, even if no line can be written for a long time.
}

/// The disk of the output failed. The journal may still have room.
void run_output_state::keep_after_failure(const std::vector<sink_item>& items) {
  for (auto& item : items)
    if (item.outcome)
      waiting_.push_back(item);
  if (files->is_resumable())
    flush();
}

void run_output_state::commit_soon() {
  if (commit_pending_ || !files->is_resumable())
    return;
  commit_pending_ = true;
  self->delayed_send(self, commit_every, atom::mark_v);
}

void run_output_state::mark() {
  commit_pending_ = false;
  if (closed_)
    return;
  if (auto safe = files->commit(); !safe)
    self->quit(to_caf(safe.error()));
}

bool run_output_state::close(bool complete) {
  flush();
  auto done = complete ? files->finish() : files->commit();
  closed_ = true;
  if (!done)
    self->quit(to_caf(done.error()));
  return static_cast<bool>(done);
}

run_output_actor::behavior_type
run_output(run_output_actor::stateful_pointer<run_output_state> self,
           std::shared_ptr<io::run_files> files, shared_reading shared) {
  self->state.self = self;
  self->state.files.emplace(std::move(*files));
  self->state.shared = std::move(shared);
  return {
    [self](atom::write, std::vector<sink_item>& items) {
      if (auto to = caf::actor_cast<written_taker_actor>(self->current_sender()))
        self->state.write(std::move(items), to);
    },
    [self](atom::close, bool complete) { return self->state.close(complete); },
    [self](atom::keep, std::vector<sink_item>& items) { self->state.keep(std::move(items)); },
    [self](atom::flush) { self->state.flush(); },
    [self](atom::mark) { self->state.mark(); },
  };
}

} // namespace penstock::actors
