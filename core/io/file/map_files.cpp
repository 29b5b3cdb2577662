#include "core/io/file/map_files.hpp"

#include "core/io/file/output_paths.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

namespace penstock::io {

namespace fs = std::filesystem;

namespace {

constexpr size_t read_at_once = 1 << 20;

/// The checksum over the first `size` bytes of a file; nullopt if the file is shorter.
result<std::optional<core::running_checksum>> sum_of_start(const std::string& path, uint64_t size) {
  core::running_checksum sum;
  if (size == 0)
    return std::optional{sum};
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return system_error("cannot open", path, errno);
  std::vector<char> buffer(std::min<uint64_t>(size, read_at_once));
  while (size > 0 && in) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<uint64_t>(size, buffer.size())));
    sum.update({buffer.data(), static_cast<size_t>(in.gcount())});
    size -= static_cast<uint64_t>(in.gcount());
  }
  if (in.bad())
    return system_error("cannot read", path, errno);
  return size > 0 ? std::nullopt : std::optional{sum};
}

std::string start_of(const std::string& path, size_t size) {
  std::string start(size, '\0');
  std::ifstream in{path, std::ios::binary};
  in.read(start.data(), static_cast<std::streamsize>(size));
  start.resize(static_cast<size_t>(in.gcount()));
  return start;
}

error edited(const std::string& path) {
  return {errc::corrupt,
          path + " was edited or damaged since it was written; choose another -o, or pass "
                 "--restart to begin anew"};
}

} // namespace

result<map_files> map_files::open(map_request request) {
  map_files files;
  files.per_row_ = request.numbers_per_row;
  files.sampling_ = !request.sample_output.empty();
  const auto stream_to =
    files.sampling_ && request.output == "-" ? request.sample_output : request.output;
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
  if (request.restart)
    if (auto thrown = throw_away_output(files.path_); !thrown)
      return thrown.error();
  if (auto begun = files.begin(request); !begun)
    return begun.error();
  return files;
}

result<void> map_files::open_stream(output_file output, const std::string& head) {
  output_ = std::move(output);
  return output_->append(head);
}

/// Make the journal before the output, so that there is never an output without a journal.
result<void> map_files::begin(const map_request& request) {
  const auto at = journal_path(path_);
  if (path_exists(at)) {
    auto opened = open_journal(at);
    if (!opened)
      return opened.error();
    journal_ = std::move(*opened);
  }
  if (!journal_) {
    if (file_size_or_zero(path_) > 0)
      return error{
        errc::invalid_config,
        request.output +
          (path_exists(at) ? " exists, but its journal is empty" : " exists and has no journal") +
          ": choose another -o, or pass --restart to overwrite it"};
    if (auto removed = remove_journal(at); !removed)
      return removed.error();
    auto made = create_journal(at, request.identity);
    if (!made)
      return made.error();
    journal_ = std::move(*made);
  }
  const auto& head = journal_->head();
  if (auto same = check_identity(head.identity, request.identity, request.output); !same)
    return same.error();
  written_ = head.checkpoint;
  note_ = head.checkpoint.note;
  complete_ = head.complete;
  if (auto counted = count_kept(); !counted)
    return counted;
  return begin_output(request);
}

result<void> map_files::count_kept() {
  auto numbers = journal_->waiting();
  if (!numbers)
    return numbers.error();
  kept_ = numbers->size();
  kept_last_ = numbers->empty() ? 0 : numbers->back();
  return {};
}

result<void> map_files::begin_output(const map_request& request) {
  if (sampling_) {
    if (next_row() > 0)
      return error{errc::invalid_config,
                   request.output + " has " + std::to_string(next_row()) +
                     " rows already, so a sample would say nothing new: go on "
                     "without --sample, or choose another -o"};
    std::error_code ec;
    fs::remove(request.sample_output, ec);
    if (ec)
      return system_error("cannot remove", request.sample_output, ec.value());
    auto output = output_file::create(request.sample_output);
    return output ? open_stream(std::move(*output), request.head) : result<void>{output.error()};
  }
  // Without a first checkpoint we cannot know that the content is ours.
  if (note_.empty() && !request.head.starts_with(start_of(path_, request.head.size() + 1)))
    return error{errc::invalid_config, request.output +
                                         " exists and is not of this map: choose another "
                                         "-o, or pass --restart to overwrite it"};
  auto sum = sum_of_start(path_, written_.output_bytes);
  if (!sum)
    return sum.error();
  const auto size = file_size_or_zero(path_);
  if (!*sum || (written_.output_bytes > 0 && (*sum)->value() != written_.output_checksum) ||
      (complete_ && size != written_.output_bytes))
    return edited(request.output);
  if (complete_)
    return {};
  auto output = path_exists(path_) ? output_file::resume(path_, written_.output_bytes, **sum)
                                   : output_file::create(path_);
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

result<std::vector<journal_row>> map_files::kept(uint64_t row) {
  if (kept_ == 0 || row * per_row_ > kept_last_)
    return std::vector<journal_row>{};
  auto found = journal_->rows_from(row * per_row_, per_row_);
  if (found)
    std::erase_if(*found, [&](auto& x) { return x.first >= (row + 1) * per_row_; });
  return found;
}

result<void> map_files::keep(const std::vector<journal_row>& answers) {
  return journal_ ? journal_->append(answers) : result<void>{};
}

result<void> map_files::write(std::string_view text, uint64_t rows) {
  if (!output_)
    return error{errc::internal, path_ + ": a finished map was written to"};
  if (auto appended = output_->append(text); !appended)
    return appended;
  if (sampling_)
    return {};
  written_.output_lines += rows * per_row_;
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
  // A sample does not change the output or its checkpoint. Storing the checkpoint again syncs the
  // answers in the journal.
  if (!sampling_)
    written_.note = std::move(note);
  return journal_->set_checkpoint(sampling_ ? journal_->head().checkpoint : written_, complete);
}

result<void> map_files::commit(std::string note) { return checkpoint(std::move(note), false); }

result<void> map_files::finish(std::string note) { return checkpoint(std::move(note), !sampling_); }

} // namespace penstock::io
