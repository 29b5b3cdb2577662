#include "actors/map/map_hub.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <cmath>

namespace penstock::actors {

namespace {

/// Bytes of a row in memory in addition to its cells.
constexpr size_t row_overhead = 512;

} // namespace

// --- rows in ---

/// @returns whether anything was read.
bool map_hub_state::fill() {
  const auto before = plan_.next_row();
  while (plan_.next_row() < rows_total_ && plan_.held() < setup_.window_rows &&
         held_bytes_ < setup_.window_bytes)
    if (!read_row())
      return false;
  return plan_.next_row() > before;
}

/// Reads one row. @returns false if that cannot go on.
bool map_hub_state::read_row() {
  core::map_row row;
  auto more = setup_.script->next(row);
  if (!more) {
    fail(more.error());
    return false;
  }
  if (!*more || row.group >= setup_.groups.size() || plan_.unread(row.group) == 0 ||
      row.index != plan_.next_row()) {
    fail({errc::input_changed,
          "the input was changed while it was read; start the same command with the "
          "input as it was, or pass --restart to begin anew"});
    return false;
  }
  if (row.index < resumed_rows_)
    plan_.skip(row.group);
  else
    admit(std::move(row));
  return true;
}

/// Continues a row from the journal of an earlier run.
void map_hub_state::admit(core::map_row row) {
  const auto index = row.index;
  const auto group = row.group;
  auto& entry = rows_[index];
  entry.row = std::move(row);
  entry.row.bytes += row_overhead;
  held_bytes_ += entry.row.bytes;
  groups_to_serve_.insert(group);
  if (entry.row.fault) {
    plan_.admit_finished(group);
    const auto fault = *entry.row.fault;
    finish(index, core::outcome_state::failed, &fault, false);
    return;
  }
  if (entry.row.blank) {
    plan_.admit_finished(group);
    finish(index, core::outcome_state::completed, nullptr, false);
    return;
  }
  const auto at = replay({index, 0, 0});
  if (!at)
    return; // The row or the map has ended.
  if (cancelled_[group]) {
    plan_.admit_finished(group);
    const error why{errc::cancelled, "the group was cancelled"};
    finish(index, core::outcome_state::cancelled, &why, false);
    return;
  }
  sent_again_ += setup_.files->is_retrying();
  plan_.admit(group, at->stage, at->round);
}

/// Gives a row, from stage to stage, the answers that were kept for what its stages ask now.
/// @returns what is to be asked next; nothing if the row, or the map, has come to its end.
std::optional<core::map_ticket> map_hub_state::replay(core::map_ticket at) {
  auto& entry = rows_.at(at.row);
  auto kept = setup_.files->kept(at.row);
  if (!kept) {
    fail(kept.error());
    return std::nullopt;
  }
  while (!kept->empty()) {
    auto print = setup_.script->print(entry.row, at.stage);
    if (!print)
      return at; // Making the request tells why.
    // The last chain of corrections that began with this request.
    std::vector<const io::map_record*> chain;
    bool others = false;
    for (auto& r : *kept) {
      others |= r.asks == print->asks && r.stage == at.stage;
      if (!(r.asks == 0 ? r.stage == at.stage : is_same(*print, r.asks, r.documents)))
        continue;
      if (r.round == 0)
        chain.clear();
      if (r.round == chain.size())
        chain.push_back(&r);
    }
    entry.print = *print;
    if (chain.empty()) {
      changed_documents_ += others;
      return at;
    }
    if (is_void(at, *chain.back()))
      return at;
    const auto stage = at.stage;
    for (auto* r : chain) {
      auto outcome = core::decode_answer(r->line);
      if (!outcome) {
        fail({errc::corrupt, "the journal is damaged: an answer of row " +
                               std::to_string(at.row + 1) +
                               " cannot be used; pass --restart to begin anew"});
        return std::nullopt;
      }
      ++resumed_answers_;
      entry.row.add_notes(outcome->notes);
      count(at, *outcome);
      if (!accept(at, *outcome, r != chain.back())) {
        // `accept` found the row at its end, in this plan not yet admitted.
        plan_.admit_finished(entry.row.group);
        return std::nullopt;
      }
      if (!entry.correction) {
        at = {at.row, stage + 1, 0};
        break;
      }
      ++at.round;
    }
    if (at.stage == stage)
      return at; // A correction is due.
  }
  return at;
}

/// Whether the answers of a stage led to a failure that does not count any more.
bool map_hub_state::is_void(const core::map_ticket& at, const io::map_record& last) {
  if (last.generation >= setup_.files->retry_below())
    return false;
  if (!last.good)
    return true;
  const auto outcome = core::decode_answer(last.line);
  if (!outcome || !outcome->body)
    return false;
  const auto answer = setup_.script->accept(at.stage, *outcome->body);
  return !answer && (answer.error().code != errc::schema_mismatch ||
                     last.round >= setup_.corrections_max[at.stage]);
}

// --- rows on their way ---

void map_hub_state::count(const core::map_ticket& t, const core::outcome& o) {
  auto& entry = rows_.at(t.row);
  auto record = core::record_of(o);
  auto& totals = seen_[entry.row.group].stages[t.stage];
  totals.requests.add(record);
  totals.corrections += t.round > 0;
  samples_[t.stage].add(o, t.round == 0);
  record.custom_id.clear();
  entry.answers.emplace_back(t, std::move(record));
  spent_ += o.cost.value_or(0);
  if (setup_.budget > 0 && !over_budget_ && setup_.watcher && spent_ >= setup_.budget) {
    over_budget_ = true;
    self->send(setup_.watcher, atom::failed_v,
               error{errc::budget_exhausted,
                     "the budget of " + std::to_string(setup_.budget) + " dollars is spent"});
  }
}

/// Adds an answer to its row. @returns false if that has finished the row.
/// @param goes_on A correction of this answer was already sent.
bool map_hub_state::accept(const core::map_ticket& t, const core::outcome& o, bool goes_on) {
  auto& entry = rows_.at(t.row);
  const auto in_plan = plan_.next_row() > t.row;
  if (o.state != core::outcome_state::completed) {
    const auto why = o.failure.value_or(error{errc::internal, "the outcome names no reason"});
    finish(t.row, o.state, &why, in_plan);
    return false;
  }
  const auto body = o.body ? std::string_view{*o.body} : std::string_view{};
  auto answer = setup_.script->accept(t.stage, body);
  if (answer) {
    entry.correction.reset();
    const auto bytes = body.size();
    entry.row.bytes += bytes;
    held_bytes_ += bytes;
    entry.row.scope.set_answer(setup_.script->stage_name(t.stage), std::move(*answer));
    if (t.stage + 1 < stages())
      return true;
    finish(t.row, core::outcome_state::completed, nullptr, in_plan);
    return false;
  }
  auto why = answer.error();
  if (why.code == errc::schema_mismatch && (goes_on || t.round < setup_.corrections_max[t.stage])) {
    entry.correction = core::map_correction{setup_.script->words_of(body), why.context};
    return true;
  }
  why.context = "stage " + std::string{setup_.script->stage_name(t.stage)} + ": " + why.context;
  if (why.code == errc::schema_mismatch && t.round > 0)
    why.context += " (after " + std::to_string(t.round) + " corrections)";
  finish(t.row, core::outcome_state::failed, &why, in_plan);
  return false;
}

/// Makes the output of a row and frees its other data.
/// @param in_plan False while the row is being admitted.
void map_hub_state::finish(uint64_t row, core::outcome_state state, const error* why,
                           bool in_plan) {
  auto& entry = rows_.at(row);
  setup_.script->append_row(entry.line, entry.row, why);
  entry.ended = state;
  if (why && (state == core::outcome_state::failed || state == core::outcome_state::expired))
    failures_.add("row " + std::to_string(row + 1), to_string(why->code), 0, why->context);
  entry.noted = !entry.row.notes.empty();
  if (entry.noted && first_note_.empty())
    first_note_ = "row " + std::to_string(row + 1) + ": " + entry.row.notes.front();
  entry.row.notes = {};
  seen_[entry.row.group].add_row(state);
  seen_[entry.row.group].noted += entry.noted;
  groups_to_serve_.insert(entry.row.group);
  held_bytes_ -= entry.row.bytes;
  entry.row.bytes = entry.line.size() + row_overhead;
  held_bytes_ += entry.row.bytes;
  entry.row.scope = {};
  entry.correction.reset();
  if (in_plan)
    plan_.finish(row);
}

// --- rows out ---

/// @returns whether anything was written.
bool map_hub_state::release() {
  std::string lines;
  uint64_t rows = 0;
  while (auto row = plan_.release()) {
    auto& entry = rows_.at(*row);
    lines += entry.line;
    ++rows;
    auto& totals = written_[entry.row.group];
    totals.add_row(*entry.ended);
    totals.noted += entry.noted;
    for (auto& [ticket, record] : entry.answers) {
      totals.stages[ticket.stage].requests.add(record);
      totals.stages[ticket.stage].corrections += ticket.round > 0;
    }
    held_bytes_ -= entry.row.bytes;
    rows_.erase(*row);
  }
  if (rows > 0) {
    if (auto written = setup_.files->write(lines, rows); !written) {
      fail(written.error());
      return false;
    }
    dirty_ = true;
  }
  if (dirty_ && !commit_pending_) {
    commit_pending_ = true;
    self->delayed_send(self, commit_every, atom::mark_v);
  }
  return rows > 0;
}

void map_hub_state::mark() {
  commit_pending_ = false;
  if (!dirty_)
    return;
  dirty_ = false;
  if (auto safe = setup_.files->commit(core::encode_totals(written_)); !safe)
    fail(safe.error());
}

caf::result<map_status> map_hub_state::close() {
  flush();
  auto note = core::encode_totals(written_);
  auto safe = plan_.first_row() == rows_total_ ? setup_.files->finish(std::move(note), setup_.whole)
                                               : setup_.files->commit(std::move(note));
  dirty_ = false;
  if (!safe) {
    fail(safe.error());
    return to_caf(safe.error());
  }
  return status();
}

map_status map_hub_state::status() const {
  map_status s;
  s.written = plan_.first_row();
  s.resumed_rows = resumed_rows_;
  s.resumed_answers = resumed_answers_;
  s.sent_again = sent_again_;
  s.changed_documents = changed_documents_;
  s.complete = plan_.first_row() == rows_total_;
  s.cost = spent_;
  s.samples = samples_;
  s.first_note = first_note_;
  s.failures = failures_;
  for (uint32_t g = 0; g < plan_.groups(); ++g) {
    map_group_status group;
    group.name = setup_.groups[g];
    group.rows = setup_.rows_of_group[g];
    group.unread = plan_.unread(g);
    group.cancelled = cancelled_[g];
    group.done = seen_[g];
    for (uint32_t st = 0; st < stages(); ++st)
      group.stages.push_back({seen_[g].stages[st], plan_.ready(g, st), plan_.offered(g, st)});
    s.groups.push_back(std::move(group));
  }
  return s;
}

void map_hub_state::fail(const error& why) { self->quit(to_caf(why)); }

} // namespace penstock::actors
