#include "core/io/file/rebuild.hpp"

#include "core/base/checksum.hpp"
#include "core/io/file/answer_index.hpp"
#include "core/io/file/input_file.hpp"
#include "core/io/file/line_fetcher.hpp"
#include "core/io/file/output_file.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace penstock::io {

namespace {

constexpr uint64_t any_length = uint64_t{1} << 40;
constexpr size_t rows_at_once = 64;
constexpr size_t write_at_once = 1u << 20;
constexpr uint8_t from_rows = 3; // As a source; lower numbers are files.

/// Whether a request or line was named by its place, because its input line has no name.
bool is_named_by_place(const std::string& custom_id, uint64_t index) {
  return custom_id == "request-" + std::to_string(index);
}

uint64_t key_of(const std::string& custom_id, uint64_t request_sum) {
  core::running_checksum sum;
  sum.update(custom_id);
  sum.update({"\0", 1});
  sum.update({reinterpret_cast<const char*>(&request_sum), sizeof request_sum});
  return sum.value();
}

class rebuild_planner {
public:
  rebuild_planner(const rebuild_sources& from, const rebuild_target& to) : from_{from}, to_{to} {}

  result<rebuild_plan> run() {
    for (size_t i = 0; i < from_.files.size(); ++i)
      if (auto read = index_file(from_.files[i], static_cast<uint8_t>(i)); !read)
        return read.error();
    if (from_.rows)
      if (auto read = index_rows(); !read)
        return read.error();
    answers_.sort();
    std::error_code ec;
    std::filesystem::remove(to_.kept_path, ec);
    if (auto plain = refuse_link(to_.kept_path); !plain)
      return plain.error();
    auto out = output_file::create(to_.kept_path);
    if (!out)
      return out.error();
    out_.emplace(std::move(*out));
    if (auto matched = to_.next ? match_all() : match_places(); !matched)
      return matched.error();
    if (auto flushed = flush(0); !flushed)
      return flushed.error();
    if (auto synced = out_->sync(); !synced)
      return synced.error();
    finish_counts();
    return plan_;
  }

private:
  result<void> index_line(std::string_view line, answer_place at, bool counts, uint64_t first) {
    const auto record = core::parse_output_line(line);
    if (!record)
      return record.error();
    if (record->index < first)
      return {};
    at.completed = record->state == core::outcome_state::completed;
    lines_ += counts;
    plan_.answers += counts && at.completed;
    if (!to_.by_place && record->request_sum == 0) {
      plan_.unmatched += counts && at.completed;
      return {};
    }
    const auto own_name =
      is_named_by_place(record->custom_id, record->index) ? std::string{} : record->custom_id;
    answers_.add(to_.by_place ? record->index : key_of(own_name, record->request_sum),
                 core::checksum(record->custom_id), at);
    return {};
  }

  result<void> index_file(const earlier_lines& file, uint8_t source) {
    fetchers_.emplace_back();
    if (file.bytes == 0)
      return {};
    auto fetcher = line_fetcher::open(file.path);
    if (!fetcher)
      return fetcher.error();
    fetchers_.back().emplace(std::move(*fetcher));
    auto& lines = *fetchers_.back();
    for (uint64_t at = 0; at < file.bytes;) {
      auto line = lines.at(at);
      if (!line)
        return line.error();
      if (auto taken = index_line(*line, {source, false, at}, !file.is_replaced, file.first);
          !taken)
        return taken;
      at += line->size();
    }
    return {};
  }

  result<void> index_rows() {
    for (uint64_t first = 0;;) {
      auto rows = from_.rows->rows_from(first, rows_at_once);
      if (!rows)
        return rows.error();
      for (auto& [index, line] : *rows) {
        if (auto taken = index_line(line, {from_rows, false, index}, true, 0); !taken)
          return taken;
        first = index + 1;
      }
      if (rows->size() < rows_at_once)
        return {};
    }
  }

  result<void> match_all() {
    for (uint64_t index = 0;; ++index) {
      auto r = to_.next();
      if (!r)
        return r.error();
      if (!*r) {
        plan_.mark.requests = index;
        return {};
      }
      if (auto matched = match(index, &**r); !matched)
        return matched;
    }
  }

  result<void> match_places() {
    plan_.mark.requests = to_.requests;
    for (uint64_t index = 0; index < to_.requests; ++index)
      if (auto matched = match(index, nullptr); !matched)
        return matched;
    return {};
  }

  std::optional<answer_place> find(uint64_t index, const core::request* r) {
    if (to_.by_place)
      return answers_.take(index);
    const auto sum = core::request_sum(*r);
    if (!is_named_by_place(r->custom_id, index))
      if (auto found = answers_.take(key_of(r->custom_id, sum)))
        return found;
    return answers_.take(key_of({}, sum)); // Of a line that had no name of its own.
  }

  /// @param r Null: the request is the same as before, and not at hand.
  result<void> match(uint64_t index, const core::request* r) {
    auto& counts = plan_.mark.counts;
    const auto found = find(index, r);
    if (!found) {
      ++(r && answers_.knows_name(core::checksum(r->custom_id)) ? counts.changed : counts.added);
      return {};
    }
    if (to_.retry_failed && !found->completed && !(r && r->rejection)) {
      ++counts.again;
      return {};
    }
    ++counts.kept;
    return keep(*found, index, r);
  }

  result<void> keep(const answer_place& place, uint64_t index, const core::request* r) {
    auto line = text_of(place);
    if (!line)
      return line.error();
    std::string name;
    if (r) {
      name = r->custom_id;
    } else {
      const auto record = core::parse_output_line(*line);
      if (!record)
        return record.error();
      name = record->custom_id;
    }
    auto moved = core::moved_line(*line, index, name);
    if (!moved)
      return moved.error();
    unmoved_ &= std::string_view{*moved}.starts_with(*line);
    kept_ += *moved;
    return flush(write_at_once);
  }

  result<std::string> text_of(const answer_place& place) {
    if (place.source != from_rows) {
      auto line = fetchers_[place.source]->at(place.at);
      if (!line)
        return line.error();
      return std::string{*line};
    }
    auto rows = from_.rows->rows_from(place.at, 1);
    if (!rows)
      return rows.error();
    if (rows->empty() || rows->front().first != place.at)
      return error{errc::internal, "a row of the journal is gone"};
    return std::move(rows->front().second);
  }

  result<void> flush(size_t above) {
    if (kept_.size() <= above)
      return {};
    auto written = out_->append(kept_);
    kept_.clear();
    return written;
  }

  void finish_counts() {
    auto& counts = plan_.mark.counts;
    // A name that stands for a place is known at every place: not all of them were there before.
    const auto left = lines_ - std::min(lines_, counts.kept + counts.again);
    const auto changed = std::min(counts.changed, left);
    counts.added += counts.changed - changed;
    counts.changed = changed;
    counts.removed = left - changed;
    plan_.mark.kept_bytes = out_->bytes();
    plan_.mark.kept_checksum = out_->checksum();
    plan_.in_place = unmoved_ && counts.kept == lines_ && plan_.unmatched == 0;
  }

  const rebuild_sources& from_;
  const rebuild_target& to_;
  rebuild_plan plan_;
  answer_index answers_;
  std::vector<std::optional<line_fetcher>> fetchers_;
  std::optional<output_file> out_;
  std::string kept_;    ///< Not yet written.
  uint64_t lines_ = 0;  ///< Earlier lines.
  bool unmoved_ = true; ///< Every kept line stays as it is.
};

} // namespace

result<rebuild_plan> plan_rebuild(const rebuild_sources& from, const rebuild_target& to) {
  return rebuild_planner{from, to}.run();
}

} // namespace penstock::io
