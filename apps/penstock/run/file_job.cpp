#include "apps/penstock/run/file_job.hpp"

#include "actors/store/job_record.hpp"
#include "actors/job/jsonl_source.hpp"
#include "actors/job/run_output.hpp"

#include <caf/all.hpp>

namespace penstock::cli {

namespace {

/// Rows of the journal read at once.
constexpr size_t rows_at_once = 256;

result<std::vector<sink_item>> load_waiting(io::run_files& files, core::output_totals& totals) {
  std::vector<sink_item> items;
  auto next = files.next_index();
  for (;;) {
    auto rows = files.kept_from(next, rows_at_once);
    if (!rows)
      return rows.error();
    for (auto& [index, line] : *rows) {
      auto record = core::parse_output_line(line);
      if (!record)
        return record.error();
      totals.add(*record);
      items.push_back({files.sent_below(index), {}, core::make_payload(std::move(line))});
      next = index + 1;
    }
    if (rows->size() < rows_at_once)
      return items;
  }
}

} // namespace

job_progress progress_of(const core::output_totals& t) {
  job_progress p;
  actors::apply_totals(p, t);
  return p;
}

result<io::run_files> file_job::open() {
  io::run_request request;
  request.identity.input_path = options_.input;
  request.identity.input_hash = options_.scan ? options_.scan->hash : "";
  request.identity.settings = options_.identity;
  if (options_.scan)
    request.input_requests = options_.scan->requests;
  request.output = options_.output;
  request.restart = options_.restart && !launched_;
  request.retry_failed = options_.retry_failed && !launched_;
  request.lines = options_.lines;
  request.line_max = options_.line_max;
  return io::run_files::open(std::move(request));
}

result<io::run_start> file_job::prepare() {
  auto files = open();
  if (!files)
    return files.error();
  files_.emplace(std::move(*files));
  resumable_ = files_->is_resumable();
  return files_->start();
}

job_progress file_job::progress_before() const { return progress_of(files_->totals()); }

uint64_t file_job::done_before() const {
  return files_->next_index() + files_->waiting().size() + files_->kept_totals().requests();
}

std::optional<io::change_counts> file_job::changes() const { return files_->changes(); }

result<actors::job_parts> file_job::launch(caf::actor_system& sys) {
  if (launched_ && !resumable_)
    return error{errc::io_error, "an actor died and " + options_.output +
                                   " cannot be resumed; write to a regular file to be able to"};
  if (!files_) {
    auto reopened = open();
    if (!reopened)
      return reopened.error();
    files_.emplace(std::move(*reopened));
  }
  launched_ = true;
  auto files = std::make_shared<io::run_files>(std::move(*files_));
  files_.reset();

  actors::job_parts parts;
  parts.first = files->sent_below(files->next_index());
  auto totals = files->totals();
  totals.add(files->kept_totals());
  auto recorded = load_waiting(*files, totals);
  if (!recorded)
    return recorded.error();
  parts.recorded = std::move(*recorded);
  parts.before = progress_of(totals);
  parts.pack_because = options_.pack_because;

  io::reader_options reading;
  reading.lines = options_.lines;
  reading.line_max = options_.line_max;
  reading.first_index = files->next_index();
  if (files->is_rebuilding())
    reading.passed_over = files->kept();
  reading.expected_start = files->expected_start();
  if (options_.scan) {
    parts.total = options_.scan->requests;
    reading.expected_hash = options_.scan->hash;
  }
  auto reader = io::request_reader::open(options_.input, std::move(reading));
  if (!reader)
    return reader.error();
  actors::shared_reading shared;
  if (!options_.scan)
    shared.mark = std::make_shared<actors::shared_mark>();
  shared.sums = std::make_shared<actors::shared_sums>(parts.first);
  parts.source = sys.spawn<caf::detached>(actors::jsonl_source,
                                          std::make_shared<io::request_reader>(std::move(*reader)),
                                          shared, options_.strict);
  auto output = sys.spawn<caf::detached>(actors::run_output, std::move(files), shared);
  parts.sink = output;
  parts.store = output;
  return parts;
}

} // namespace penstock::cli
