#include "core/io/file/output_paths.hpp"
#include "core/io/file/rebuild.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/io/file/run_files.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace penstock::io {

namespace fs = std::filesystem;

namespace {

constexpr size_t copied_at_once = 1u << 20;

error thrown_away(const std::string& why, uint64_t answers) {
  return {errc::input_changed, why + "; choose another -o, or pass --restart, which throws away " +
                                 std::to_string(answers) +
                                 (answers == 1 ? " paid answer" : " paid answers") +
                                 " and pays for all requests again"};
}

} // namespace

/// The last steps of a rebuild: the new output takes the place of the old one.
result<void> run_files::take_place() {
  const auto mark = journal_->head().rebuild;
  if (!mark.whole)
    return {};
  std::error_code ec;
  const auto next = next_path(path_, mark.number);
  if (path_exists(next)) {
    if (const auto old = fs::status(path_, ec); fs::exists(old))
      fs::permissions(next, old.permissions(), ec);
    fs::rename(next, path_, ec);
    if (ec)
      return system_error("cannot rename " + next + " to", path_, ec.value());
    if (auto synced = sync_directory_of(path_); !synced)
      return synced;
  }
  if (auto ended = journal_->end_rebuild(); !ended)
    return ended;
  remove_rebuild_files(path_);
  return {};
}

/// Makes the output one of this request, if it belongs to another input, or if failed requests
/// shall be sent again. @returns whether something changed.
result<bool> run_files::adapt(const run_request& request, const checked_output& found) {
  const auto head = journal_->head();
  const auto& begun = head.identity;
  const auto& now = request.identity;
  const bool same_input = begun.input_hash == now.input_hash;
  if (begun.settings == now.settings && same_input &&
      (!request.retry_failed || head.rebuild.number > 0))
    return false;
  if (begun.settings != now.settings) {
    auto waiting = journal_->waiting();
    if (!waiting)
      return waiting.error();
    const auto answers = found.totals.completed + waiting->size() +
                         (head.rebuild.number > 0 ? head.rebuild.counts.kept : uint64_t{0});
    return thrown_away(request.output + " was begun with other settings (" + begun.settings +
                         ", now " + now.settings + ")",
                       answers);
  }
  if (!same_input && now.input_hash.empty())
    return check_identity(begun, now, request.output).error();

  rebuild_sources from;
  from.rows = journal_.get();
  from.files.push_back({written_path(), found.bytes, 0, false});
  if (head.rebuild.number > 0) {
    from.files.push_back(
      {kept_path(path_, head.rebuild.number), head.rebuild.kept_bytes, found.lines, false});
    from.files.push_back({path_, file_size_or_zero(path_), 0, true});
  }
  rebuild_target to;
  to.by_place = same_input;
  to.retry_failed = request.retry_failed;
  to.kept_path = kept_path(path_, head.rebuild.number + 1);
  to.requests = request.input_requests.value_or(found.lines);
  std::optional<request_reader> reader;
  if (!now.input_hash.empty()) {
    auto opened = request_reader::open(now.input_path, {.lines = request.lines,
                                                        .line_max = request.line_max,
                                                        .passed_over = nullptr,
                                                        .expected_hash = now.input_hash,
                                                        .expected_start = {}});
    if (!opened)
      return opened.error();
    reader.emplace(std::move(*opened));
    to.next = [&] { return reader->next(); };
  }
  auto plan = plan_rebuild(from, to);
  if (!plan) {
    remove_rebuild_files(path_, head.rebuild.number);
    return plan.error();
  }
  const auto refuse = [&](const std::string& why) {
    remove_rebuild_files(path_, head.rebuild.number);
    return thrown_away(why, plan->answers);
  };
  if (plan->unmatched > 0)
    return refuse(now.input_path + " is not the input that " + request.output +
                  " was begun with, and an older penstock wrote " +
                  std::to_string(plan->unmatched) + " answers without noting their requests");
  auto& counts = plan->mark.counts;
  if (!to.by_place && counts.kept == 0 && plan->answers > 0)
    return refuse(now.input_path + " has no request as it was in the input that " + request.output +
                  " was begun with (" + begun.input_path + ")");
  const bool nothing_to_do = to.by_place && counts.again == 0;
  if (nothing_to_do || (plan->in_place && head.rebuild.number == 0)) {
    remove_rebuild_files(path_, head.rebuild.number);
    if (nothing_to_do)
      return false;
    changes_ = counts;
    if (auto gone_on = journal_->go_on_with(now); !gone_on)
      return gone_on.error();
    return true;
  }
  plan->mark.number = head.rebuild.number + 1;
  std::error_code ec;
  fs::remove(next_path(path_, plan->mark.number), ec);
  if (auto synced = sync_directory_of(path_); !synced)
    return synced.error();
  if (auto begun_anew = journal_->begin_rebuild(now, plan->mark); !begun_anew)
    return begun_anew.error();
  return true;
}

/// Reads which places a rebuild keeps.
result<void> run_files::load_kept() {
  const auto& mark = journal_->head().rebuild;
  if (mark.number == 0)
    return {};
  changes_ = mark.counts;
  auto places = std::make_shared<kept_places>();
  const auto path = kept_path(path_, mark.number);
  const auto damaged = [&] {
    return error{errc::corrupt, path +
                                  " is damaged; restore it, choose another -o, or pass "
                                  "--restart, which throws away all that " +
                                  path_ + " holds"};
  };
  core::running_checksum sum;
  kept_at_ = mark.kept_bytes;
  if (mark.kept_bytes > 0) {
    auto lines = line_fetcher::open(path);
    if (!lines)
      return lines.error();
    kept_lines_.emplace(std::move(*lines));
  }
  for (uint64_t at = 0, least = 0; at < mark.kept_bytes;) {
    auto line = kept_lines_->at(at);
    if (!line)
      return damaged();
    auto record = core::parse_output_line(*line);
    if (!record || record->index < least || record->index >= mark.requests)
      return damaged();
    least = record->index + 1;
    sum.update(*line);
    places->add(record->index);
    if (record->index >= next_index()) {
      kept_at_ = std::min(kept_at_, at);
      kept_totals_.add(*record);
    }
    at += line->size();
  }
  if (sum.value() != mark.kept_checksum)
    return damaged();
  kept_ = std::move(places);
  return {};
}

/// Writes the lines that stay from here on, as long as they are below `below`.
result<void> run_files::copy_kept(uint64_t below) {
  std::string lines;
  std::vector<core::output_record> records;
  for (auto index = next_index(); index < below && kept_->contains(index); ++index) {
    auto line = kept_lines_->at(kept_at_);
    if (!line)
      return line.error();
    auto record = core::parse_output_line(*line);
    if (!record)
      return record.error();
    lines += *line;
    records.push_back(std::move(*record));
    kept_at_ += line->size();
    if (lines.size() < copied_at_once && index + 1 < below && kept_->contains(index + 1))
      continue;
    if (auto appended = append(lines, records); !appended)
      return appended;
    lines.clear();
    records.clear();
  }
  return {};
}

} // namespace penstock::io
