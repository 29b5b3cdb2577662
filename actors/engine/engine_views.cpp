#include "actors/engine/engine.hpp"
#include "core/base/duration_text.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// How long an actor may take to say how it stands; without its answer the list is made without it.
constexpr auto view_timeout = std::chrono::seconds{5};
/// Jobs of one list.
constexpr uint32_t listed_max = 1000;

/// For people: seconds are fine enough.
std::string rounded(duration d) {
  return core::format_duration(
    std::max<duration>(std::chrono::ceil<std::chrono::seconds>(d), std::chrono::seconds{1}));
}

bool is_closed(const lane_info& lane) {
  return lane.paused_for > duration{} ||
         lane.now.breaker == core::lane_snapshot::breaker_state::open;
}

/// What keeps every lane closed; empty: one at least is open.
std::string why_closed(const std::vector<lane_info>& lanes) {
  if (lanes.empty() || !std::all_of(lanes.begin(), lanes.end(), is_closed))
    return {};
  const auto& next = *std::min_element(
    lanes.begin(), lanes.end(), [](auto& a, auto& b) { return a.paused_for < b.paused_for; });
  return "lane \"" + next.name + "\" " +
         (next.paused_for > duration{} ? "is paused for " + rounded(next.paused_for)
                                       : "has its breaker open");
}

} // namespace

/// What running jobs and lanes say of themselves at this moment.
struct engine_state::live_view {
  std::map<uint64_t, job_progress> jobs;
  std::vector<lane_info> lanes;
};

/// Asks those of `jobs` that run, and the lanes; `then` gets what was answered in time.
void engine_state::look(const std::vector<uint64_t>& jobs, bool with_lanes,
                        std::function<void(const live_view&)> then) {
  auto view = std::make_shared<live_view>();
  auto open = std::make_shared<size_t>(1);
  auto answered = [view, open, then = std::move(then)] {
    if (--*open == 0)
      then(*view);
  };
  auto silent = [answered](const caf::error&) { answered(); };
  for (auto id : jobs) {
    auto it = jobs_.find(id);
    if (it == jobs_.end() || !it->second.coordinator)
      continue;
    ++*open;
    self->request(it->second.coordinator, view_timeout, atom::status_v)
      .then(
        [=](const job_progress& p) {
          view->jobs[id] = p;
          answered();
        },
        silent);
  }
  for (size_t i = 0; with_lanes && i < setup_.lanes.size(); ++i) {
    auto& lane = view->lanes.emplace_back();
    lane.name = setup_.lanes[i];
    if (i >= wiring_.limiters.size() || !wiring_.limiters[i])
      continue;
    ++*open;
    self->request(wiring_.limiters[i], view_timeout, atom::snapshot_v)
      .then(
        [=, this](const core::lane_snapshot& now) {
          view->lanes[i].now = now;
          if (now.paused_until)
            view->lanes[i].paused_for =
              std::max(duration{}, *now.paused_until - self->clock().now());
          answered();
        },
        silent);
  }
  answered();
}

// --- one job ---

caf::result<job_progress> engine_state::status(uint64_t job) {
  auto answer = self->make_response_promise<job_progress>();
  const auto it = jobs_.find(job);
  if (it == jobs_.end() || !it->second.coordinator)
    tell_last_status(job, answer);
  else
    self->request(it->second.coordinator, view_timeout, atom::status_v)
      .then([answer](job_progress& p) mutable { answer.deliver(std::move(p)); },
            // It has just ended, and its last word came before this.
            [=, this](const caf::error&) { tell_last_status(job, answer); });
  return answer;
}

void engine_state::tell_last_status(uint64_t job,
                                    caf::typed_response_promise<job_progress> answer) {
  if (auto it = jobs_.find(job); it != jobs_.end()) {
    answer.deliver(it->second.progress);
    return;
  }
  if (!setup_.reader) {
    answer.deliver(to_caf({errc::not_found, "no job " + std::to_string(job)}));
    return;
  }
  self->request(setup_.reader, view_timeout, atom::info_v, job)
    .then([answer](const job_info& info) mutable { answer.deliver(info.progress); },
          [answer](const caf::error& why) mutable { answer.deliver(why); });
}

caf::result<job_info> engine_state::info(uint64_t job) {
  auto it = jobs_.find(job);
  if (!setup_.reader && it == jobs_.end())
    return to_caf({errc::not_found, "no job " + std::to_string(job)});
  auto answer = self->make_response_promise<job_info>();
  auto deliver = [answer](std::vector<job_info> all) mutable {
    answer.deliver(std::move(all.front()));
  };
  if (it != jobs_.end() && !it->second.stored) {
    describe({local_info(job, it->second)}, deliver);
    return answer;
  }
  self->request(setup_.reader, view_timeout, atom::info_v, job)
    .then([=, this](job_info& info) { describe({std::move(info)}, deliver); },
          [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

/// What is known of a job over files.
job_info engine_state::local_info(uint64_t job, const job_record& record) const {
  job_info info;
  info.id = job;
  info.tenant = record.options.tenant;
  info.priority = record.options.priority;
  info.progress = record.progress;
  return info;
}

// --- lists ---

caf::result<std::vector<job_info>> engine_state::jobs(const job_filter& filter) {
  std::vector<job_info> local;
  const size_t wanted = std::min(filter.count_max, listed_max);
  // Those over files have the higher numbers: they come first.
  for (auto it = jobs_.rbegin(); it != jobs_.rend() && local.size() < wanted; ++it) {
    const auto& [id, record] = *it;
    if (!record.stored && (filter.before == 0 || id < filter.before) &&
        (filter.tenant.empty() || filter.tenant == record.options.tenant) &&
        (!filter.active_only || !record.ended))
      local.push_back(local_info(id, record));
  }
  auto answer = self->make_response_promise<std::vector<job_info>>();
  auto deliver = [answer](std::vector<job_info> all) mutable { answer.deliver(std::move(all)); };
  auto rest = filter;
  rest.count_max = static_cast<uint32_t>(wanted - local.size());
  if (!setup_.reader || rest.count_max == 0) {
    describe(std::move(local), deliver);
    return answer;
  }
  self->request(setup_.reader, view_timeout, atom::jobs_v, rest)
    .then(
      [=, this](std::vector<job_info>& stored) {
        auto all = local;
        std::move(stored.begin(), stored.end(), std::back_inserter(all));
        describe(std::move(all), deliver);
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

/// Puts over `jobs`, as the store knows them, how they stand at this moment.
void engine_state::describe(std::vector<job_info> jobs,
                            std::function<void(std::vector<job_info>)> then) {
  std::vector<uint64_t> ids;
  for (auto& job : jobs)
    ids.push_back(job.id);
  look(ids, !ids.empty(), [this, jobs = std::move(jobs), then](const live_view& now) mutable {
    for (auto& job : jobs)
      overlay(job, now);
    then(std::move(jobs));
  });
}

void engine_state::overlay(job_info& info, const live_view& now) const {
  const auto it = jobs_.find(info.id);
  if (it != jobs_.end() && it->second.ended)
    info.progress = it->second.progress;
  else if (auto live = now.jobs.find(info.id); live != now.jobs.end())
    info.progress = live->second;
  if (it != jobs_.end() && !it->second.stored)
    info.requests = info.progress.read;
  info.waits_for = waits_for(info, now);
}

/// Why nothing of a job moves, as far as it is known here.
std::string engine_state::waits_for(const job_info& info, const live_view& now) const {
  const auto& p = info.progress;
  if (has_ended(p.state))
    return {};
  if (p.state == job_state::receiving)
    return "the rest of its requests";
  const auto it = jobs_.find(info.id);
  if (it == jobs_.end() || !it->second.coordinator)
    return stopping_ ? "the next start of the head" : "its turn to be opened";
  if (p.state == job_state::parked)
    return p.cause.context + "; goes on in " + rounded(p.resume_in);
  if (auto why = nodes_.why_no_slots(); !why.empty())
    return why;
  if (p.in_flight > 0)
    return why_closed(now.lanes);
  if (p.held > 0)
    return "held: " + p.cause.context;
  return slots_.free_slots() == 0 ? "its turn: other jobs use all slots" : std::string{};
}

caf::result<std::vector<lane_info>> engine_state::lanes() {
  auto answer = self->make_response_promise<std::vector<lane_info>>();
  look({}, true, [answer](const live_view& now) mutable { answer.deliver(now.lanes); });
  return answer;
}

caf::result<std::vector<tenant_counts>> engine_state::tenants() {
  if (!setup_.reader)
    return not_here<std::vector<tenant_counts>>();
  auto answer = self->make_response_promise<std::vector<tenant_counts>>();
  self->request(setup_.reader, view_timeout, atom::tenants_v)
    .then(
      [=, this](std::vector<tenant_counts>& rows) {
        std::vector<uint64_t> running;
        for (auto& [id, record] : jobs_)
          if (record.stored && record.coordinator)
            running.push_back(id);
        look(running, false, [=, this, rows = std::move(rows)](const live_view& now) mutable {
          divide_pending(rows, now);
          answer.deliver(rows);
        });
      },
      [answer](const caf::error& why) mutable { answer.deliver(why); });
  return answer;
}

/// The store counts what has no outcome; the running jobs know what of it is under way.
void engine_state::divide_pending(std::vector<tenant_counts>& rows, const live_view& now) const {
  for (auto& [id, p] : now.jobs) {
    const auto it = jobs_.find(id);
    if (it == jobs_.end())
      continue;
    const auto& o = it->second.options;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](auto& r) {
      return r.tenant == o.tenant && r.priority == o.priority;
    });
    if (row == rows.end())
      continue;
    const auto processing = std::min(p.in_flight, row->pending);
    const auto scheduled = std::min(p.held, row->pending - processing);
    row->processing += processing;
    row->scheduled += scheduled;
    row->pending -= processing + scheduled;
  }
}

} // namespace penstock::actors
