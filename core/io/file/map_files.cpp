#include "core/io/file/map_files.hpp"

#include "core/io/file/map_output.hpp"
#include "core/io/file/output_paths.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace penstock::io {

namespace fs = std::filesystem;

namespace {

error not_retryable(const std::string& output, const std::string& why) {
  return {errc::invalid_config,
          output + ' ' + why +
            ", so there is nothing that --retry-failed could send again: run it without that "
            "option first (nothing was sent)"};
}

} // namespace

result<map_files> map_files::open(map_request request) {
  map_files files;
  files.sampling_ = !request.sample_output.empty();
  const auto stream_to =
    files.sampling_ && request.output == "-" ? request.sample_output : request.output;
  if (request.retry_failed && (stream_to == "-" || is_stream_path(request.output)))
    return not_retryable(request.output == "-" ? "standard output" : request.output,
                         "keeps no answers");
  if (stream_to == "-") {
    if (auto opened = files.open_stream(output_file::standard_output(), request.head); !opened)
      return opened.error();
    return files;
  }
  if (auto checked = check_output_path(request.identity.input_path, request.output); !checked)
    return checked.error();
  files.path_ = canonical_path(request.output);
  if (is_stream_path(files.path_)) {
    auto stream = output_file::create(files.path_);
    if (!stream)
      return stream.error();
    if (auto opened = files.open_stream(std::move(*stream), request.head); !opened)
      return opened.error();
    return files;
  }
  auto lock = file_lock::acquire(lock_path(files.path_));
  if (!lock)
    return lock.error();
  files.lock_.emplace(std::move(*lock));
  if (request.restart) {
    if (auto thrown = throw_away_output(files.path_); !thrown)
      return thrown.error();
    std::error_code ignored;
    fs::remove(next_path(files.path_), ignored);
  }
  const auto at = journal_path(files.path_);
  if (path_exists(at)) {
    auto opened = open_map_journal(
      at, {request.rounds, request.rows, request.identity, request.documents, request.output});
    if (!opened)
      return opened.error();
    files.journal_ = std::move(*opened);
  }
  if (!files.journal_ && request.retry_failed)
    return not_retryable(request.output,
                         path_exists(files.path_) ? "has no journal" : "is not there yet");
  if (auto begun = files.journal_ ? files.resume(request) : files.create(request); !begun)
    return begun.error();
  if (auto begun = files.sampling_ ? files.begin_sample(request) : files.begin_output(request);
      !begun)
    return begun.error();
  return files;
}

result<void> map_files::open_stream(output_file output, const std::string& head) {
  output_ = std::move(output);
  return output_->append(head);
}

/// Make the journal before the output, so that there is never an output without a journal.
result<void> map_files::create(const map_request& request) {
  const auto at = journal_path(path_);
  if (file_size_or_zero(path_) > 0)
    return error{errc::invalid_config, request.output +
                                         (path_exists(at) ? " exists, but its journal is empty"
                                                          : " exists and has no journal") +
                                         ": choose another -o, or pass --restart to overwrite it"};
  if (auto removed = remove_journal(at); !removed)
    return removed.error();
  map_head head;
  head.identity = request.identity;
  head.documents = request.documents;
  head.sampled = sampling_;
  head.rows = request.rows.size();
  std::vector<map_place> rows;
  rows.reserve(request.rows.size());
  for (uint64_t i = 0; i < request.rows.size(); ++i)
    rows.push_back({i, i, request.rows[i]});
  auto made = create_map_journal(at, head, rows);
  if (!made)
    return made.error();
  journal_ = std::move(*made);
  return {};
}

// --- the output ---

result<void> map_files::begin_sample(const map_request& request) {
  std::error_code ec;
  fs::remove(request.sample_output, ec);
  if (ec)
    return system_error("cannot remove", request.sample_output, ec.value());
  auto output = output_file::create(request.sample_output);
  return output ? open_stream(std::move(*output), request.head) : result<void>{output.error()};
}

/// Continues after the last checkpoint. Cuts off everything that was written after it.
result<void> map_files::begin_output(const map_request& request) {
  const auto& head = journal_->head();
  complete_ = head.complete;
  if (complete_)
    return {};
  // Without a first checkpoint we cannot know that the content is ours.
  if (!replacing_ && note_.empty() &&
      !request.head.starts_with(start_of(path_, request.head.size() + 1)))
    return error{errc::invalid_config, request.output +
                                         " exists and is not of this map: choose another "
                                         "-o, or pass --restart to overwrite it"};
  const auto to = replacing_ ? next_path(path_) : path_;
  if (auto plain = refuse_link(to); !plain)
    return plain;
  auto sum = sum_of_start(to, written_.output_bytes);
  if (!sum)
    return sum.error();
  auto output = path_exists(to) ? output_file::resume(to, written_.output_bytes, **sum)
                                : output_file::create(to);
  if (!output)
    return output.error();
  output_ = std::move(*output);
  if (!note_.empty())
    return {};
  if (auto begun = output_->append(request.head); !begun)
    return begun;
  written_.output_bytes = output_->bytes();
  written_.output_checksum = output_->checksum();
  return checkpoint("begun", false);
}

result<std::vector<map_record>> map_files::kept(uint64_t place) {
  if (!journal_ || place >= slots_.size())
    return std::vector<map_record>{};
  return journal_->answers_of(slots_[place]);
}

result<void> map_files::keep(std::vector<map_record> answers) {
  if (!journal_)
    return {};
  for (auto& a : answers) {
    if (a.slot < slots_.size())
      a.slot = slots_[a.slot];
    a.generation = journal_->head().generation;
  }
  return journal_->append(answers);
}

result<void> map_files::write(std::string_view text, uint64_t rows) {
  if (!output_)
    return error{errc::internal, path_ + ": a finished map was written to"};
  if (auto appended = output_->append(text); !appended)
    return appended;
  if (sampling_)
    return {};
  written_.output_lines += rows;
  written_.output_bytes = output_->bytes();
  written_.output_checksum = output_->checksum();
  return {};
}

result<void> map_files::checkpoint(std::string note, bool complete) {
  if (!output_)
    return {};
  if (auto synced = output_->sync(); !synced)
    return synced;
  if (!journal_)
    return {};
  auto head = journal_->head();
  // A sample does not change the output or its checkpoint. Storing the checkpoint again syncs the
  // answers in the journal.
  if (!sampling_) {
    written_.note = std::move(note);
    head.checkpoint = written_;
    head.complete = complete;
    head.retrying = retrying_ && !complete;
    head.replacing = replacing_;
    head.sampled = false;
  }
  return journal_->set_head(head);
}

/// Replaces the output by the new rows. After a crash behind the rename the missing file shows that
/// it was done.
result<void> map_files::publish() {
  if (!replacing_)
    return {};
  std::error_code ec;
  if (const auto old = fs::status(path_, ec); !ec && fs::exists(old))
    fs::permissions(next_path(path_), old.permissions(), ec);
  fs::rename(next_path(path_), path_, ec);
  if (ec)
    return system_error("cannot replace", path_, ec.value());
  if (auto synced = sync_directory_of(path_); !synced)
    return synced;
  replacing_ = false;
  return {};
}

result<void> map_files::commit(std::string note) { return checkpoint(std::move(note), false); }

result<void> map_files::finish(std::string note, bool whole) {
  if (auto safe = checkpoint(note, false); !safe)
    return safe;
  if (sampling_ || !output_)
    return {};
  if (auto published = publish(); !published)
    return published;
  return checkpoint(std::move(note), whole);
}

} // namespace penstock::io
