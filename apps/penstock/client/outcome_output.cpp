#include "apps/penstock/client/outcome_output.hpp"

#include "core/io/file/output_paths.hpp"

#include <algorithm>
#include <vector>

namespace penstock::cli {

namespace {

constexpr auto safe_every = std::chrono::seconds{1};

error not_next(uint64_t index) {
  return {errc::corrupt, "the head sent something else than outcome " + std::to_string(index) +
                           "; what is written is right, the same command goes on behind it"};
}

} // namespace

std::string line_of(const sink_item& item) {
  if (!item.line)
    return item.outcome ? core::output_line(*item.outcome) : std::string{};
  auto line = *item.line;
  if (!line.ends_with('\n'))
    line += '\n';
  return line;
}

std::string identity_of(const job_info& job) {
  if (job.idempotency_key.empty())
    return "job " + std::to_string(job.id) + " made at " + std::to_string(job.created);
  return identity_of(job.tenant, job.idempotency_key);
}

std::string identity_of(const std::string& tenant, const std::string& idempotency_key) {
  return "job of tenant " + tenant + " with key " + idempotency_key;
}

std::optional<std::string> begun_with(const std::string& path) {
  if (path == "-")
    return std::nullopt;
  const auto file = io::journal_path(io::canonical_path(path));
  if (!io::path_exists(file))
    return std::nullopt;
  auto journal = io::open_journal(file);
  if (!journal || !*journal)
    return std::nullopt; // The error is reported when the output is opened.
  return (*journal)->head().identity.settings;
}

result<outcome_output> outcome_output::open(outcome_place place) {
  outcome_output out;
  out.safe_at_ = std::chrono::steady_clock::now();
  if (place.from > 0) {
    out.next_ = place.from;
    if (place.output == "-") {
      out.raw_ = io::output_file::standard_output();
      return out;
    }
    if (auto free = io::check_output_path("-", place.output); !free)
      return free.error();
    auto file = io::output_file::create(place.output);
    if (!file)
      return file.error();
    out.raw_ = std::move(*file);
    return out;
  }
  io::run_request request;
  request.identity = {place.input, {}, place.job};
  request.input_requests = place.requests;
  request.output = place.output;
  request.restart = place.restart;
  request.retry_failed = place.refresh;
  auto files = io::run_files::open(std::move(request));
  if (!files)
    return files.error();
  out.files_ = std::move(*files);
  out.next_ = out.wanted_from(out.files_->next_index());
  out.totals_ = out.files_->totals();
  return out;
}

bool outcome_output::is_complete() const noexcept {
  return files_ && files_->start() == io::run_start::complete;
}

uint64_t outcome_output::wanted_from(uint64_t index) const noexcept {
  return files_ ? files_->place_of(files_->sent_below(index)) : index;
}

uint32_t outcome_output::wanted_count(uint64_t index, uint32_t most) const noexcept {
  return files_ ? static_cast<uint32_t>(
                    std::min<uint64_t>(most, files_->kept()->next_kept(index) - index))
                : most;
}

result<void> outcome_output::write(const results_page& page) {
  if (page.items.empty())
    return {};
  std::string lines;
  std::vector<core::output_record> records;
  records.reserve(page.items.size());
  auto next = next_;
  for (size_t i = 0; i < page.items.size(); ++i) {
    const auto index = page.from + i;
    if (wanted_from(index) != index)
      continue; // Its line stays.
    const auto line = line_of(page.items[i]);
    auto record = core::parse_output_line(line);
    if (!record || page.items[i].index != index || record->index != index || index != next)
      return not_next(next);
    lines += line;
    records.push_back(std::move(*record));
    next = wanted_from(index + 1);
  }
  auto written = files_ ? files_->write(lines, records) : raw_->append(lines);
  if (!written)
    return written;
  next_ = next;
  for (auto& record : records)
    totals_.add(record);
  if (const auto now = std::chrono::steady_clock::now(); now - safe_at_ >= safe_every) {
    safe_at_ = now;
    return finish(false);
  }
  return {};
}

result<void> outcome_output::finish(bool complete) {
  if (raw_)
    return raw_->sync();
  return complete ? files_->finish() : files_->commit();
}

} // namespace penstock::cli
