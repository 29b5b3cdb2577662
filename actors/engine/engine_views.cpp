#include "actors/engine/engine_views.hpp"

#include "core/base/duration_text.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace penstock::actors {

namespace {

/// Time limit for the answer of an actor. A list is made without late answers.
constexpr auto view_timeout = std::chrono::seconds{5};
/// Largest number of jobs in one list.
constexpr uint32_t listed_max = 1000;

/// A wait in whole seconds, for people.
std::string rounded(duration d) {
  return core::format_duration(
    std::max<duration>(std::chrono::ceil<std::chrono::seconds>(d), std::chrono::seconds{1}));
}

bool is_closed(const lane_info& lane) {
  return lane.paused_for > duration{} ||
         lane.now.breaker == core::lane_snapshot::breaker_state::open;
}

/// Why every lane is closed; empty: at least one lane is open.
std::string why_closed(const std::vector<lane_info>& lanes) {
  if (lanes.empty() || !std::all_of(lanes.begin(), lanes.end(), is_closed))
    return {};
  const auto& next = *std::min_element(
    lanes.begin(), lanes.end(), [](auto& a, auto& b) { return a.paused_for < b.paused_for; });
  return "lane \"" + next.name + "\" " +
         (next.paused_for > duration{} ? "is paused for " + rounded(next.paused_for)
                                       : "has its breaker open");
}

/// A filter that matches no jobs over files.
snapshot_query query_of(std::vector<uint64_t> jobs) {
  snapshot_query query;
  query.jobs = std::move(jobs);
  query.files.count_max = 0;
  return query;
}

/// The description of a job over files.
job_info local_info(const engine_snapshot::job& job) {
  job_info info;
  info.id = job.id;
  info.tenant = job.tenant;
  info.priority = job.priority;
  info.progress = job.progress;
  return info;
}

/// A job of a snapshot that is sorted by id; null: it is not there. Lists have a thousand jobs.
const engine_snapshot::job* find_sorted(const engine_snapshot& snapshot, uint64_t id) {
  const auto at = std::ranges::lower_bound(snapshot.jobs, id, {}, &engine_snapshot::job::id);
  return at != snapshot.jobs.end() && at->id == id ? &*at : nullptr;
}

error no_job(uint64_t job) { return {errc::not_found, "no job " + std::to_string(job)}; }

template <class T>
auto deliver_error(caf::typed_response_promise<T> answer) {
  return [answer](const caf::error& why) mutable { answer.deliver(why); };
}

} // namespace

/// Calls `then` with the answers that came in time, or `otherwise` if the engine does not answer.
void engine_views_state::look(snapshot_query query, bool with_lanes,
                              std::function<void(const view&)> then, failure otherwise) {
  self->request(engine, view_timeout, atom::snapshot_v, std::move(query))
    .then(
      [=, this](engine_snapshot& snapshot) {
        auto now = std::make_shared<view>();
        now->engine = std::move(snapshot);
        std::ranges::sort(now->engine.jobs, {}, &engine_snapshot::job::id); // For `find_sorted`.
        ask_jobs_and_lanes(now, with_lanes, then);
      },
      otherwise);
}

void engine_views_state::ask_jobs_and_lanes(std::shared_ptr<view> now, bool with_lanes,
                                            std::function<void(const view&)> then) {
  auto open = std::make_shared<size_t>(1);
  auto answered = [now, open, then = std::move(then)] {
    if (--*open == 0)
      then(*now);
  };
  auto silent = [answered](const caf::error&) { answered(); };
  for (auto& job : now->engine.jobs) {
    if (!job.coordinator)
      continue;
    ++*open;
    self->request(job.coordinator, view_timeout, atom::status_v)
      .then(
        [=, id = job.id](const job_progress& p) {
          now->running[id] = p;
          answered();
        },
        silent);
  }
  for (size_t i = 0; with_lanes && i < lane_names.size(); ++i) {
    now->lanes.emplace_back().name = lane_names[i];
    if (i >= now->engine.limiters.size() || !now->engine.limiters[i])
      continue;
    ++*open;
    self->request(now->engine.limiters[i], view_timeout, atom::snapshot_v)
      .then(
        [=, this](const core::lane_snapshot& snapshot) {
          auto& lane = now->lanes[i];
          lane.now = snapshot;
          if (snapshot.paused_until)
            lane.paused_for = std::max(duration{}, *snapshot.paused_until - self->clock().now());
          answered();
        },
        silent);
  }
  answered();
}

// --- one job ---

caf::result<job_progress> engine_views_state::status(uint64_t job) {
  auto answer = self->make_response_promise<job_progress>();
  look(
    query_of({job}), false,
    [=, this](const view& now) mutable {
      if (const auto live = now.running.find(job); live != now.running.end())
        answer.deliver(live->second);
      else // The job has not begun, or has just ended. Then ask the engine again: it has the final
           // state.
        tell_last_status(job, answer);
    },
    deliver_error(answer));
  return answer;
}

void engine_views_state::tell_last_status(uint64_t job,
                                          caf::typed_response_promise<job_progress> answer) {
  self->request(engine, view_timeout, atom::snapshot_v, query_of({job}))
    .then(
      [=, this](const engine_snapshot& now) mutable {
        if (const auto* known = now.find(job))
          answer.deliver(known->progress);
        else if (!reader)
          answer.deliver(to_caf(no_job(job)));
        else
          self->request(reader, view_timeout, atom::info_v, job)
            .then([answer](const job_info& info) mutable { answer.deliver(info.progress); },
                  deliver_error(answer));
      },
      deliver_error(answer));
}

caf::result<job_info> engine_views_state::info(uint64_t job) {
  auto answer = self->make_response_promise<job_info>();
  auto deliver = [answer](std::vector<job_info> all) mutable {
    answer.deliver(std::move(all.front()));
  };
  const auto fail = deliver_error(answer);
  self->request(engine, view_timeout, atom::snapshot_v, query_of({job}))
    .then(
      [=, this](const engine_snapshot& now) mutable {
        const auto* known = now.find(job);
        if (known && !known->by_value)
          describe({local_info(*known)}, deliver, fail);
        else if (!reader)
          answer.deliver(to_caf(no_job(job)));
        else
          self->request(reader, view_timeout, atom::info_v, job)
            .then([=, this](job_info& info) { describe({std::move(info)}, deliver, fail); }, fail);
      },
      fail);
  return answer;
}

// --- lists ---

caf::result<std::vector<job_info>> engine_views_state::jobs(job_filter filter) {
  auto answer = self->make_response_promise<std::vector<job_info>>();
  auto deliver = [answer](std::vector<job_info> all) mutable { answer.deliver(std::move(all)); };
  const auto fail = deliver_error(answer);
  filter.count_max = std::min(filter.count_max, listed_max);
  snapshot_query query;
  query.files = filter;
  self->request(engine, view_timeout, atom::snapshot_v, std::move(query))
    .then(
      [=, this](const engine_snapshot& now) mutable {
        // Jobs over files have higher numbers, so they come first.
        std::vector<job_info> all;
        for (auto& job : now.jobs)
          all.push_back(local_info(job));
        auto rest = filter;
        rest.count_max = static_cast<uint32_t>(filter.count_max - all.size());
        if (!reader || rest.count_max == 0) {
          describe(std::move(all), deliver, fail);
          return;
        }
        self->request(reader, view_timeout, atom::jobs_v, rest)
          .then(
            [=, this](std::vector<job_info>& stored) {
              auto list = all;
              std::move(stored.begin(), stored.end(), std::back_inserter(list));
              describe(std::move(list), deliver, fail);
            },
            fail);
      },
      fail);
  return answer;
}

/// Adds the present state of running jobs to `jobs` from the store.
void engine_views_state::describe(std::vector<job_info> jobs,
                                  std::function<void(std::vector<job_info>)> then,
                                  failure otherwise) {
  std::vector<uint64_t> ids;
  for (auto& job : jobs)
    ids.push_back(job.id);
  const auto any = !ids.empty();
  look(
    query_of(std::move(ids)), any,
    [jobs = std::move(jobs), then](const view& now) mutable {
      for (auto& job : jobs)
        overlay(job, now);
      then(std::move(jobs));
    },
    std::move(otherwise));
}

void engine_views_state::overlay(job_info& info, const view& now) {
  const auto* known = find_sorted(now.engine, info.id);
  if (known && known->ended)
    info.progress = known->progress;
  else if (auto live = now.running.find(info.id); live != now.running.end())
    info.progress = live->second;
  if (known && !known->by_value)
    info.requests = info.progress.read;
  info.waits_for = waits_for(info, now);
}

/// Why no request of a job is sent, as far as it is known here.
std::string engine_views_state::waits_for(const job_info& info, const view& now) {
  const auto& p = info.progress;
  if (has_ended(p.state))
    return {};
  if (p.state == job_state::receiving)
    return "the rest of its requests";
  const auto* known = find_sorted(now.engine, info.id);
  if (!known || !known->coordinator)
    return now.engine.stopping ? "the next start of the head" : "its turn to be opened";
  if (p.state == job_state::parked)
    return p.cause.context + "; goes on in " + rounded(p.resume_in);
  if (!now.engine.why_no_slots.empty())
    return now.engine.why_no_slots;
  if (p.in_flight > 0)
    return why_closed(now.lanes);
  if (p.held > 0)
    return "held: " + p.cause.context;
  return now.engine.free_slots == 0 ? "its turn: other jobs use all slots" : std::string{};
}

caf::result<std::vector<lane_info>> engine_views_state::lanes() {
  auto answer = self->make_response_promise<std::vector<lane_info>>();
  look(
    query_of({}), true, [answer](const view& now) mutable { answer.deliver(now.lanes); },
    deliver_error(answer));
  return answer;
}

caf::result<std::vector<tenant_counts>> engine_views_state::tenants() {
  if (!reader)
    return to_caf({errc::invalid_config, "this engine takes no jobs by value"});
  auto answer = self->make_response_promise<std::vector<tenant_counts>>();
  const auto fail = deliver_error(answer);
  self->request(reader, view_timeout, atom::tenants_v)
    .then(
      [=, this](std::vector<tenant_counts>& rows) {
        auto running = query_of({});
        running.by_value = true;
        look(
          std::move(running), false,
          [answer, rows = std::move(rows)](const view& now) mutable {
            divide_pending(rows, now);
            answer.deliver(std::move(rows));
          },
          fail);
      },
      fail);
  return answer;
}

/// The store counts requests without an outcome. The running jobs know which of them are in flight,
/// and which are held.
void engine_views_state::divide_pending(std::vector<tenant_counts>& rows, const view& now) {
  for (auto& job : now.engine.jobs) {
    const auto live = now.running.find(job.id);
    const auto row = std::find_if(rows.begin(), rows.end(), [&](auto& r) {
      return r.tenant == job.tenant && r.priority == job.priority;
    });
    if (live == now.running.end() || row == rows.end())
      continue;
    const auto processing = std::min(live->second.in_flight, row->pending);
    const auto scheduled = std::min(live->second.held, row->pending - processing);
    row->processing += processing;
    row->scheduled += scheduled;
    row->pending -= processing + scheduled;
  }
}

engine_views_actor::behavior_type
engine_views(engine_views_actor::stateful_pointer<engine_views_state> self, engine_actor engine,
             job_reader_actor reader, std::vector<std::string> lane_names) {
  self->state.self = self;
  self->state.engine = std::move(engine);
  self->state.reader = std::move(reader);
  self->state.lane_names = std::move(lane_names);
  return {
    [self](atom::status, uint64_t job) { return self->state.status(job); },
    [self](atom::info, uint64_t job) { return self->state.info(job); },
    [self](atom::jobs, const job_filter& filter) { return self->state.jobs(filter); },
    [self](atom::lanes) { return self->state.lanes(); },
    [self](atom::tenants) { return self->state.tenants(); },
  };
}

} // namespace penstock::actors
