#include "actors/map/map_hub.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>

namespace penstock::actors {

namespace {

/// Largest number of requests in one offer, and the time to make them, so that answers need not
/// wait for documents.
constexpr size_t offer_max = 128;
constexpr auto offer_time = std::chrono::milliseconds{20};

} // namespace

void map_hub_state::start(map_setup what) {
  setup_ = std::move(what);
  const auto groups = setup_.groups.size(), stages = setup_.corrections_max.size();
  plan_ = core::map_plan{setup_.rows_of_group, static_cast<uint32_t>(stages)};
  for (auto rows : setup_.rows_of_group)
    rows_total_ += rows;
  jobs_.resize(groups * stages);
  cancelled_.resize(groups);
  samples_.resize(stages);
  for (uint32_t s = 0; s < stages; ++s)
    samples_[s].stage = std::string{setup_.script->stage_name(s)};
  written_ = core::make_map_totals(groups, stages);
  resumed_rows_ = setup_.files->next_row();
  if (resumed_rows_ > 0) {
    auto before = core::decode_totals(setup_.files->note(), groups, stages);
    if (!before) {
      fail({errc::corrupt, "the journal does not know the sums of the rows that are written; pass "
                           "--restart to begin anew"});
      return;
    }
    written_ = std::move(*before);
  }
  seen_ = written_;
  spent_ = static_cast<double>(core::sum_of(seen_).cost_nanodollars) / 1e9;
  for (size_t g = 0; g < groups; ++g)
    cancelled_[g] = setup_.cancelled.contains(setup_.groups[g]);
  step();
}

// --- jobs ---

void map_hub_state::begin(uint32_t job, const stage_port_actor& port) {
  flush(); // Keep the answers from the earlier port.
  jobs_[job] = {port, 0, 0};
  plan_.take_back(job / stages(), job % stages());
}

void map_hub_state::pull(uint32_t job, uint32_t requests_max, uint64_t bytes_max) {
  jobs_[job].wanted = std::max(requests_max, 1u);
  jobs_[job].wanted_bytes = bytes_max;
  serve(job);
  step();
}

/// After a change of rows: reads more, writes finished rows, and answers waiting ports.
void map_hub_state::step() {
  for (bool more = true; more;) {
    more = release();
    more |= fill();
    auto groups = std::move(groups_to_serve_);
    groups_to_serve_.clear();
    for (auto g : groups)
      for (uint32_t s = 0; s < stages(); ++s)
        serve(g * stages() + s);
    more |= !groups_to_serve_.empty();
  }
}

void map_hub_state::serve(uint32_t job) {
  auto& j = jobs_[job];
  if (j.wanted == 0)
    return;
  const auto group = job / stages(), stage = job % stages();
  const auto until = std::chrono::steady_clock::now() + offer_time;
  map_offer offer;
  uint64_t bytes = 0;
  while (offer.requests.size() < std::min<size_t>(j.wanted, offer_max) && bytes < j.wanted_bytes &&
         (offer.requests.empty() || std::chrono::steady_clock::now() < until)) {
    const auto tickets = plan_.take(group, stage, 1);
    if (tickets.empty())
      break;
    auto request = compose(tickets.front());
    if (!request) {
      const auto why = request.error();
      finish(tickets.front().row, core::outcome_state::failed, &why);
      continue;
    }
    bytes += request->body->size();
    offer.requests.push_back(std::move(*request));
    offer.tickets.push_back(tickets.front());
  }
  offer.end = plan_.has_ended(group, stage);
  if (offer.requests.empty() && !offer.end)
    return;
  j.wanted = 0;
  self->send(j.port, atom::chunk_v, std::move(offer));
}

result<core::request> map_hub_state::compose(const core::map_ticket& t) {
  auto& entry = rows_.at(t.row);
  if (t.round == 0) { // Before the documents are read: one that changes in between is seen later.
    auto print = setup_.script->print(entry.row, t.stage);
    if (!print)
      return print.error();
    entry.print = std::move(*print);
  }
  auto id = setup_.client_id + "-" + std::to_string(t.row) + "-" + std::to_string(t.stage);
  if (t.round > 0)
    id += "-" + std::to_string(t.round);
  return setup_.script->compose(entry.row, t.stage, entry.correction ? &*entry.correction : nullptr,
                                std::move(id));
}

// --- answers ---

void map_hub_state::take(std::vector<map_answer> answers) {
  for (auto& a : answers)
    if (plan_.is_offered(a.ticket))
      waiting_.push_back(std::move(a));
  if (!waiting_.empty() && !flush_pending_) {
    flush_pending_ = true;
    self->send(self, atom::flush_v);
  }
}

/// Stores the new answers, then continues their rows: no request is made from an answer that a
/// crash could lose.
void map_hub_state::flush() {
  flush_pending_ = false;
  auto answers = std::move(waiting_);
  waiting_.clear();
  std::vector<io::map_record> kept;
  for (auto& a : answers)
    if (a.outcome->state == core::outcome_state::completed ||
        a.outcome->state == core::outcome_state::failed) {
      const auto row = rows_.find(a.ticket.row);
      if (row == rows_.end())
        continue;
      auto& [ticket, outcome] = a;
      if (!row->second.row.notes.empty()) {
        auto noted = *outcome;
        noted.notes.insert(noted.notes.end(), row->second.row.notes.begin(),
                           row->second.row.notes.end());
        outcome = make_shared_value(std::move(noted));
      }
      const auto& print = row->second.print;
      kept.push_back({ticket.row, ticket.stage, ticket.round, 0, print.asks, print.documents,
                      outcome->state == core::outcome_state::completed,
                      core::encode_answer(*outcome, ticket.row)});
    }
  if (!kept.empty()) {
    if (auto safe = setup_.files->keep(std::move(kept)); !safe) {
      fail(safe.error());
      return;
    }
    dirty_ = true;
  }
  for (auto& a : answers)
    if (plan_.is_offered(a.ticket)) // The same answer may be there twice.
      judge(a);
  step();
}

void map_hub_state::judge(const map_answer& answer) {
  const auto& t = answer.ticket;
  const auto& o = *answer.outcome;
  count(t, o);
  rows_.at(t.row).row.add_notes(o.notes);
  if (!accept(t, o))
    return; // It has finished.
  auto& entry = rows_.at(t.row);
  groups_to_serve_.insert(entry.row.group);
  if (cancelled_[entry.row.group]) {
    const error why{errc::cancelled, "the group was cancelled"};
    finish(t.row, core::outcome_state::cancelled, &why);
  } else if (entry.correction) {
    plan_.again(t.row);
  } else {
    plan_.advance(t.row);
  }
}

void map_hub_state::cancel(const std::string& group) {
  const auto it = std::find(setup_.groups.begin(), setup_.groups.end(), group);
  if (it == setup_.groups.end())
    return;
  const auto g = static_cast<uint32_t>(it - setup_.groups.begin());
  if (cancelled_[g])
    return;
  cancelled_[g] = true;
  const error why{errc::cancelled, "the group was cancelled"};
  for (auto row : plan_.ready_rows(g))
    finish(row, core::outcome_state::cancelled, &why);
  step();
}

map_hub_actor::behavior_type map_hub(map_hub_actor::stateful_pointer<map_hub_state> self,
                                     std::shared_ptr<map_setup> setup) {
  self->state.self = self;
  self->state.start(std::move(*setup));
  return {
    [self](atom::join, uint32_t job, const stage_port_actor& port) {
      self->state.begin(job, port);
    },
    [self](atom::pull, uint32_t job, uint32_t requests_max, uint64_t bytes_max) {
      self->state.pull(job, requests_max, bytes_max);
    },
    [self](atom::keep, std::vector<map_answer>& answers) { self->state.take(std::move(answers)); },
    [self](atom::cancel, const std::string& group) { self->state.cancel(group); },
    [self](atom::status) { return self->state.status(); },
    [self](atom::close) { return self->state.close(); },
    [self](atom::flush) { self->state.flush(); },
    [self](atom::mark) { self->state.mark(); },
  };
}

} // namespace penstock::actors
