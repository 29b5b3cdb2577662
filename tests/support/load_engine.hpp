#pragma once

#include "core/load/load_schedule.hpp"
#include "messages/errors.hpp"
#include "messages/views.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::test {

/// State and behavior of the engine of a load. It outlives the engine, as a store does.
struct load_engine_log {
  struct job {
    std::string key, tenant;
    std::vector<std::string> ids; ///< Ids of its requests.
    bool complete = false, cancelled = false;
    uint64_t done = 0; ///< Number of outcomes so far.
  };
  std::map<uint64_t, job> jobs;
  std::map<std::string, uint64_t> keys;
  size_t submissions = 0, parts = 0, statuses = 0, cancels = 0;
  std::vector<subscription> subscriptions;
  uint64_t credits = 0;

  bool mute = false; ///< Does not answer questions until `wake`.
  bool run = true;   ///< Jobs end at once; false: `done` is their progress.
  /// Changes a page of outcomes before it is sent, for faults.
  std::function<void(results_page&)> spoil;
  std::vector<std::function<void()>> kept;
  /// `wake`: answers the first so many kept questions, and forgets the others.
  size_t speak_max = SIZE_MAX;
  void speak() {
    mute = false;
    auto all = std::move(kept);
    kept.clear();
    for (size_t i = 0; i < std::min(all.size(), speak_max); ++i)
      all[i]();
  }

  void advance(job& j) const {
    if (j.complete && (run || j.cancelled))
      j.done = j.ids.size();
  }
  results_page page_of(uint64_t id, uint64_t from, uint32_t count_max) {
    auto& j = jobs.at(id);
    advance(j);
    results_page page{.job = id, .from = from, .items = {}};
    for (auto i = from; i < j.done && page.items.size() < count_max; ++i) {
      core::outcome o;
      o.index = i;
      o.custom_id = j.ids[i];
      o.state = j.cancelled ? core::outcome_state::cancelled : core::outcome_state::completed;
      o.attempts = 1;
      o.queued = std::chrono::milliseconds{3};
      page.items.push_back({i, make_shared_value(std::move(o)), {}});
    }
    page.end = j.complete && from + page.items.size() >= j.ids.size();
    page.state = page.end ? job_state::completed : job_state::running;
    if (spoil)
      spoil(page);
    return page;
  }
  job_ticket take(uint64_t id, uint64_t first, const std::vector<shared_request>& requests,
                  bool complete, bool existed) {
    auto& j = jobs.at(id);
    for (size_t i = 0; i < requests.size(); ++i)
      if (first + i == j.ids.size())
        j.ids.push_back(requests[i]->custom_id);
    j.complete = j.complete || complete;
    return {id, j.ids.size(), j.complete, existed};
  }
};

/// The part of an engine that a load uses.
inline engine_actor::behavior_type load_engine(engine_actor::pointer self,
                                               std::shared_ptr<load_engine_log> log) {
  /// Answers now, or when the engine answers again.
  const auto answer = [log](auto promise, auto what) {
    auto deliver = [promise, what]() mutable { promise.deliver(what()); };
    if (log->mute)
      log->kept.push_back(deliver);
    else
      deliver();
    return promise;
  };
  return {
    [](atom::submit, const local_submission&) -> uint64_t { return 0; },
    [=](atom::submit, const submission& s) {
      ++log->submissions;
      return answer(self->make_response_promise<job_ticket>(), [=] {
        const auto known = log->keys.find(s.idempotency_key);
        const bool existed = known != log->keys.end();
        const auto id = existed ? known->second : log->jobs.size() + 1000;
        log->keys[s.idempotency_key] = id;
        if (!existed)
          log->jobs[id] = {s.idempotency_key, s.options.tenant, {}, false, false, 0};
        return log->take(id, 0, s.requests, s.complete, existed);
      });
    },
    [=](atom::add, const submission_part& p) {
      ++log->parts;
      return log->take(p.job, p.first, p.requests, p.complete, false);
    },
    [=](atom::status, uint64_t) {
      ++log->statuses;
      return answer(self->make_response_promise<job_progress>(), [] { return job_progress{}; });
    },
    [](atom::info, uint64_t) { return job_info{}; },
    [](atom::jobs, const job_filter&) { return std::vector<job_info>{}; },
    [](atom::wait, uint64_t) { return job_progress{}; },
    [=](atom::results, const results_query& q) -> caf::result<results_page> {
      if (!log->jobs.contains(q.job))
        return to_caf({errc::not_found, "no such job"});
      auto promise = self->make_response_promise<results_page>();
      auto page = log->page_of(q.job, q.from, q.count_max);
      if (!page.items.empty() || page.end || q.wait == caf::timespan{})
        promise.deliver(page);
      else // A long poll.
        log->kept.push_back(
          [=]() mutable { promise.deliver(log->page_of(q.job, q.from, q.count_max)); });
      return promise;
    },
    [=](atom::subscribe, const subscription& s) {
      log->subscriptions.push_back(s);
      self->send(caf::actor_cast<outcome_taker_actor>(self->current_sender()), atom::outcomes_v,
                 log->page_of(s.job, s.from, s.credit));
    },
    [](atom::subscribe, const event_query&) {},
    [](atom::credit, uint32_t) {},
    [=](atom::credit, uint64_t, uint32_t n) { log->credits += n; },
    [](atom::drain, uint64_t) {},
    [](atom::abort, uint64_t) {},
    [=](atom::cancel, uint64_t id) {
      ++log->cancels;
      log->jobs.at(id).cancelled = true;
      return true;
    },
    [](atom::retry, uint64_t) -> uint64_t { return 0; },
    [](atom::nodes) { return std::vector<node_info>{}; },
    [](atom::lanes) { return std::vector<lane_info>{}; },
    [](atom::tenants) { return std::vector<tenant_counts>{}; },
    [](atom::join, const node_actor&, uint64_t, uint32_t) {},
    [](atom::attach, const live_desk_actor&) {},
    [](atom::join, const node_offer&) { return node_welcome{}; },
    [](atom::join, const node_actor&, uint64_t) {},
    [](atom::heartbeat, const node_beat&) {},
    [](atom::leave, uint64_t) {},
    [](atom::freed, const slot_return&) {},
    [](atom::demand, uint64_t, uint32_t) {},
    [](atom::finished, uint64_t, const job_progress&) {},
    [](atom::refused, uint64_t, const error&) {},
    [](atom::rewire, const wiring&) {},
    [](atom::snapshot, const snapshot_query&) { return engine_snapshot{}; },
    [](atom::open, const opened_job&) {},
    [=](atom::wake) { log->speak(); },
  };
}

} // namespace penstock::test
