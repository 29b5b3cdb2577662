#include "core/io/file/map_files.hpp"

#include "core/io/file/map_output.hpp"
#include "core/io/file/output_paths.hpp"

#include <algorithm>

namespace penstock::io {

namespace {

error edited(const std::string& path, bool partial) {
  return {errc::corrupt,
          path + " was edited or damaged since it was written; " +
            (partial ? "choose another -o, or pass --restart to begin anew"
                     : "move it away, and the same command writes it again from the answers in its "
                       "journal, or choose another -o")};
}

error sampled_already(const std::string& output, uint64_t rows) {
  return {errc::invalid_config, output + " has " + std::to_string(rows) +
                                  " rows already, so a sample would say nothing new: go on "
                                  "without --sample, or choose another -o"};
}

error too_few(const std::string& output, uint64_t rows, uint64_t limit) {
  return {errc::invalid_config, output + " has " + std::to_string(rows) +
                                  " rows already, more than --limit " + std::to_string(limit) +
                                  " asks for; choose a higher one, or another -o"};
}

/// A journal of format 1 has forgotten what it gave to the output.
error forgotten(const std::string& output, const map_head& head, const map_request& request) {
  const auto rows = std::to_string(head.checkpoint.output_lines);
  return {errc::input_changed,
          (request.retry_failed ? "--retry-failed cannot be used: "
                                : "the input, the recipe or a "
                                  "document was changed, and ") +
            output + " has " + rows +
            " rows of an older penstock, which did not keep their answers; choose another -o, or "
            "pass --restart to throw the " +
            rows + " answers away and send all rows again"};
}

} // namespace

/// Goes on with an earlier map, or lays the rows as they are now over its answers.
result<void> map_files::resume(const map_request& request) {
  auto head = journal_->head();
  const auto done = head.checkpoint.output_lines;
  const auto replaced = head.replacing ? head.replaced_rows : 0;
  if (sampling_ && (done > 0 || replaced > 0))
    return sampled_already(request.output, std::max(done, replaced));
  const bool missing =
    !head.replacing && head.checkpoint.output_bytes > 0 && !path_exists(path_) && !head.partial;
  if (auto sound = missing ? result<void>{} : check_known(request, head); !sound)
    return sound;
  const bool same = head.identity.input_hash == request.identity.input_hash &&
                    head.identity.settings == request.identity.settings &&
                    head.documents == request.documents && head.rows == request.rows.size();
  const bool pending = head.retrying && !head.complete;
  const bool retries = request.retry_failed && !(pending && same);
  if (!same || retries || missing) {
    if (retries) {
      head.retrying = true;
      head.retry_below = head.generation + 1;
    } else {
      head.retrying = pending;
    }
    if (auto based = rebase(request, std::move(head), same); !based)
      return based;
  } else if (!head.complete) {
    auto rows = journal_->rows();
    if (!rows)
      return rows.error();
    slots_.assign(request.rows.size(), core::no_row);
    for (auto& row : *rows)
      if (row.place < slots_.size())
        slots_[row.place] = row.slot;
    if (std::ranges::find(slots_, core::no_row) != slots_.end())
      return error{errc::corrupt, journal_path(path_) +
                                    " is damaged (rows are missing); pass --restart to begin "
                                    "anew, which throws away the output"};
    if (head.generation > 0 && head.changes != map_changes{})
      changes_ = head.changes;
  }
  const auto& now = journal_->head();
  written_ = now.checkpoint;
  note_ = now.checkpoint.note;
  retrying_ = now.retrying;
  replacing_ = now.replacing;
  retry_below_ = now.retry_below;
  return {};
}

/// Finds out how the output stands: it must be as it was left. Brings the head up to date if we
/// died while the rows took the place of the output, or if those beside it are lost.
result<void> map_files::check_known(const map_request& request, map_head& head) {
  const auto& at = head.checkpoint;
  if (!head.replacing) {
    auto sum = sum_of_start(path_, at.output_bytes);
    if (!sum)
      return sum.error();
    if (!*sum || (at.output_bytes > 0 && (*sum)->value() != at.output_checksum) ||
        (head.complete && file_size_or_zero(path_) != at.output_bytes))
      return edited(request.output, head.partial);
    return {};
  }
  if (at.output_bytes > 0 && !path_exists(next_path(path_))) {
    auto published = has_content(path_, at.output_bytes, at.output_checksum);
    if (!published)
      return published.error();
    if (*published) {
      head.replacing = false;
      return journal_->set_head(head);
    }
  }
  if (path_exists(path_)) {
    auto sum = sum_of_start(path_, head.replaced_bytes);
    if (!sum)
      return sum.error();
    if (!*sum || (head.replaced_bytes > 0 && (*sum)->value() != head.replaced_checksum))
      return edited(request.output, false);
  }
  auto sum = sum_of_start(next_path(path_), at.output_bytes);
  if (!sum)
    return sum.error();
  if (*sum && (at.output_bytes == 0 || (*sum)->value() == at.output_checksum))
    return {};
  head.checkpoint = {}; // It is ours alone, and can be made again.
  return journal_->set_head(head);
}

/// Begins a new generation. @param same The rows are as they were.
result<void> map_files::rebase(const map_request& request, map_head head, bool same) {
  const auto done = head.checkpoint.output_lines;
  if (head.partial)
    return forgotten(request.output, head, request);
  if (request.rows_to_run < std::min<uint64_t>(done, request.rows.size()))
    return too_few(request.output, done, request.rows_to_run);
  auto known = journal_->rows();
  if (!known)
    return known.error();
  std::vector<core::known_row> before;
  before.reserve(known->size());
  uint64_t next_slot = 0;
  for (auto& row : *known) {
    before.push_back({row.keys, row.place});
    next_slot = std::max(next_slot, row.slot + 1);
  }
  const auto found = core::match_rows(before, request.rows);
  std::vector<map_place> rows;
  rows.reserve(request.rows.size());
  std::vector<bool> taken(known->size());
  map_changes changes;
  for (uint64_t i = 0; i < found.size(); ++i) {
    const auto b = found[i].before;
    rows.push_back({b == core::no_row ? next_slot++ : (*known)[b].slot, i, request.rows[i]});
    ++(b == core::no_row ? changes.added : found[i].mended ? changes.mended : changes.kept);
    if (b != core::no_row)
      taken[b] = true;
  }
  slots_.clear();
  for (auto& row : rows)
    slots_.push_back(row.slot);
  if (!same)
    if (auto kept = check_loss(request, head, rows); !kept)
      return kept;
  for (uint64_t b = 0; b < known->size(); ++b)
    if (!taken[b]) {
      changes.removed += (*known)[b].place != core::no_row;
      rows.push_back({(*known)[b].slot, core::no_row, (*known)[b].keys});
    }
  if (!head.replacing && head.checkpoint.output_bytes > 0 && path_exists(path_)) {
    head.replacing = true;
    head.replaced_rows = done;
    head.replaced_bytes = head.checkpoint.output_bytes;
    head.replaced_checksum = head.checkpoint.output_checksum;
  }
  head.identity = request.identity;
  head.documents = request.documents;
  head.rows = request.rows.size();
  head.checkpoint = {};
  head.complete = false;
  ++head.generation;
  head.changes = same ? map_changes{} : changes;
  if (!same)
    changes_ = changes;
  return journal_->rebase(head, rows);
}

/// Refuses if not one of the rows that are paid for keeps its answer: that is not a mended input
/// but another one, or another recipe. What a sample has paid may go.
result<void> map_files::check_loss(const map_request& request, const map_head& head,
                                   const std::vector<map_place>& rows) {
  if (sampling_ || head.sampled)
    return {};
  auto good = journal_->good_answers();
  if (!good)
    return good.error();
  std::vector<std::pair<uint64_t, uint64_t>> wanted;
  for (auto& row : rows)
    wanted.emplace_back(row.slot, row.keys.first);
  std::ranges::sort(wanted);
  uint64_t paid = 0, last = core::no_row;
  auto w = wanted.begin();
  for (auto& [slot, asks] : *good) {
    paid += slot != last;
    last = slot;
    while (w != wanted.end() && w->first < slot)
      ++w;
    if (w != wanted.end() && w->first == slot && (asks == 0 || asks == w->second))
      return {};
  }
  if (paid == 0)
    return {};
  const auto& begun = head.identity;
  return error{
    errc::input_changed,
    request.output + " was begun with another " +
      (begun.settings != request.identity.settings
         ? "recipe or model (" + begun.settings + ", now " + request.identity.settings + ")"
         : "input (" + begun.input_path + ", or its content, differs)") +
      ", and no answer can be kept; choose another -o, or pass --restart to throw the paid answers "
      "of " +
      (paid == 1 ? "1 row" : std::to_string(paid) + " rows") + " away and send all " +
      std::to_string(request.rows.size()) + " again (nothing was sent)"};
}

} // namespace penstock::io
