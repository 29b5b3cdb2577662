#include "core/io/file/run_files.hpp"
#include "core/io/file/output_check.hpp"
#include "core/io/file/output_paths.hpp"

#include <filesystem>
#include <system_error>

namespace penstock::io {

namespace fs = std::filesystem;

namespace {

constexpr size_t page_rows = 64; // Rows in memory while the journal is checked.

error beyond_input(const std::string& path, uint64_t index) {
  return {errc::corrupt, path + " holds index " + std::to_string(index) +
                           ", which the input does not have; restore it, choose another -o, or "
                           "pass --restart, which throws away all that it holds"};
}

} // namespace

result<run_files> run_files::open(run_request request) {
  run_files files;
  files.input_requests_ = request.input_requests;
  if (request.output == "-") {
    files.output_ = output_file::standard_output();
    return files;
  }
  if (auto checked = check_output_path(request.identity.input_path, request.output); !checked)
    return checked.error();
  files.path_ = canonical_path(request.output);
  if (is_stream_path(files.path_)) {
    auto stream = output_file::create(files.path_);
    if (!stream)
      return stream.error();
    files.output_ = std::move(*stream);
    return files;
  }
  auto lock = file_lock::acquire(lock_path(files.path_));
  if (!lock)
    return lock.error();
  files.lock_.emplace(std::move(*lock));
  if (request.restart)
    if (auto thrown = throw_away_output(files.path_); !thrown)
      return thrown.error();
  if (path_exists(journal_path(files.path_))) {
    auto opened = open_journal(journal_path(files.path_));
    if (!opened)
      return opened.error();
    files.journal_ = std::move(*opened);
  }
  if (!files.journal_ && request.retry_failed)
    return error{errc::invalid_config, "there is no run at " + request.output +
                                         " whose failed requests could be sent again; check -o, or "
                                         "leave --retry-failed out"};
  auto begun = files.journal_ ? files.begin_resumed(request) : files.begin_fresh(request);
  if (!begun)
    return begun.error();
  return files;
}

// Make the journal before the output, so that there is never an output without a journal.
result<void> run_files::begin_fresh(const run_request& request) {
  if (file_size_or_zero(path_) > 0)
    return error{errc::invalid_config,
                 request.output +
                   (path_exists(journal_path(path_)) ? " exists, but its journal is empty"
                                                     : " exists and has no journal") +
                   ": choose another -o, or pass --restart, which throws away all that it holds"};
  if (auto removed = remove_journal(journal_path(path_)); !removed)
    return removed.error();
  auto made = create_journal(journal_path(path_), request.identity);
  if (!made)
    return made.error();
  auto output = output_file::create(path_);
  if (!output)
    return output.error();
  journal_ = std::move(*made);
  output_ = std::move(*output);
  written_ = {};
  written_.output_checksum = output_->checksum();
  return {};
}

result<void> run_files::begin_resumed(const run_request& request) {
  if (auto placed = take_place(); !placed) // The run before may have been killed at its last step.
    return placed;
  auto found = look_at_output();
  if (!found)
    return found.error();
  if (auto adapted = adapt(request, *found); !adapted)
    return adapted.error();
  else if (*adapted)
    if (found = look_at_output(); !found)
      return found.error();
  if (request.input_requests && found->lines > *request.input_requests)
    return beyond_input(request.output, *request.input_requests);
  remove_rebuild_files(path_, journal_->head().rebuild.number);
  written_ = {found->bytes, found->lines, found->sum.value(), found->totals, {}};
  if (journal_->head().complete) {
    start_ = run_start::complete;
    return {};
  }
  if (auto loaded = load_kept(); !loaded)
    return loaded;
  if (auto plain = refuse_link(written_path()); !plain)
    return plain;
  auto output = path_exists(written_path())
                  ? output_file::resume(written_path(), found->bytes, found->sum)
                  : output_file::create(written_path());
  if (!output)
    return output.error();
  output_ = std::move(*output);
  start_ = run_start::resumed;
  // Lines after the old checkpoint are safe only now. Then the journal drops their rows.
  if (auto synced = checkpoint(false); !synced)
    return synced.error();
  return load_waiting();
}

std::string run_files::written_path() const {
  return is_rebuilding() ? next_path(path_, journal_->head().rebuild.number) : path_;
}

/// Checks the output, or the new one of a rebuild.
result<checked_output> run_files::look_at_output() const {
  const auto& head = journal_->head();
  // A fresh journal has no checksum yet; nothing was synced that it could stand for.
  auto at = head.checkpoint;
  if (at.output_bytes == 0)
    at.output_checksum = core::running_checksum{}.value();
  auto found = check_output(written_path(), at);
  if (found && head.complete && file_size_or_zero(path_) != at.output_bytes)
    return error{errc::corrupt, path_ +
                                  " was edited after its run had finished; restore it, choose "
                                  "another -o, or pass --restart, which throws away all that "
                                  "it holds"};
  return found;
}

result<void> run_files::load_waiting() {
  for (auto first = next_index();;) {
    auto rows = journal_->rows_from(first, page_rows);
    if (!rows)
      return rows.error();
    for (auto& [index, line] : *rows) {
      const auto record = core::parse_output_line(line);
      if (!record || record->index != index)
        return error{errc::corrupt, journal_path(path_) + " is damaged: row " +
                                      std::to_string(index) +
                                      " is not its outcome; pass --restart "
                                      "to begin anew, which throws away the output"};
      if (input_requests_ && index >= *input_requests_)
        return beyond_input(journal_path(path_), index);
      waiting_.push_back(index);
    }
    if (rows->size() < page_rows)
      return {};
    first = rows->back().first + 1;
  }
}

input_mark run_files::expected_start() const {
  return journal_ ? journal_->head().input_read : input_mark{};
}

result<void> run_files::keep(const std::vector<journal_row>& rows, const input_mark* read) {
  return journal_ ? journal_->append(rows, read) : result<void>{};
}

result<std::vector<journal_row>> run_files::kept_from(uint64_t first, size_t rows_max) {
  return journal_ ? journal_->rows_from(first, rows_max)
                  : result<std::vector<journal_row>>{std::vector<journal_row>{}};
}

result<void> run_files::write(std::string_view lines,
                              std::span<const core::output_record> records) {
  if (kept_->size() == 0)
    return append(lines, records);
  while (!records.empty()) {
    if (auto copied = copy_kept(records.front().index); !copied)
      return copied;
    // Up to the next line that stays.
    const auto stop = kept_->next_kept(records.front().index);
    size_t n = 0, end = 0;
    for (; n < records.size() && records[n].index < stop; ++n)
      end = lines.find('\n', end) + 1;
    if (auto appended = append(lines.substr(0, end), records.first(n)); !appended)
      return appended;
    lines.remove_prefix(end);
    records = records.subspan(n);
  }
  return {};
}

result<void> run_files::append(std::string_view lines,
                               std::span<const core::output_record> records) {
  if (!output_)
    return error{errc::internal, path_ + ": a finished run was written to"};
  for (size_t i = 0; i < records.size(); ++i)
    if (records[i].index != next_index() + i)
      return error{errc::internal, path_ + ": index " + std::to_string(records[i].index) +
                                     " comes where " + std::to_string(next_index() + i) +
                                     " belongs"};
  const auto before = output_->lines();
  auto appended = output_->append(lines);
  const auto reached = output_->lines() - before;
  if (appended && reached != records.size())
    return error{errc::internal, path_ + ": as many lines as records were promised"};
  for (auto& record : records.first(reached))
    written_.totals.add(record);
  written_.output_lines += reached;
  written_.output_bytes = output_->bytes();
  written_.output_checksum = output_->checksum();
  return appended;
}

result<void> run_files::checkpoint(bool complete) {
  if (!output_)
    return {};
  if (auto synced = output_->sync(); !synced)
    return synced.error();
  return journal_ ? journal_->set_checkpoint(written_, complete) : result<void>{};
}

result<void> run_files::commit() {
  if (journal_ && journal_->head().checkpoint == written_)
    return {};
  return checkpoint(false);
}

result<void> run_files::finish() {
  if (auto copied = copy_kept(UINT64_MAX); !copied)
    return copied;
  if (input_requests_ && next_index() != *input_requests_)
    return error{errc::internal, path_ + ": finished with " + std::to_string(next_index()) +
                                   " of " + std::to_string(*input_requests_) + " lines"};
  if (auto safe = checkpoint(true); !safe)
    return safe;
  return journal_ ? take_place() : result<void>{};
}

} // namespace penstock::io
