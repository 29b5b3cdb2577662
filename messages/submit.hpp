#pragma once

#include "core/job/job_info.hpp"
#include "messages/flow.hpp"
#include "messages/job.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// Messages between a program and an engine that runs its jobs, in one process or over the network.
namespace penstock {

/// A job by value. The engine answers when its store is synced. The job starts when all of its
/// requests are stored.
struct submission {
  job_options options;
  std::string name; ///< For people, for example the input's file name.
  /// A second submission of the same tenant with the same key returns the first job. Empty: no key.
  std::string idempotency_key;
  std::vector<shared_request> requests; ///< The first ones, or all; `index` is set by the engine.
  bool complete = true;                 ///< False: more follow by `add`.
};

/// More requests of a job that is `receiving`.
struct submission_part {
  uint64_t job = 0;
  uint64_t first = 0; ///< Index of the first request; requests that are stored already are skipped.
  std::vector<shared_request> requests;
  bool complete = true; ///< No more will come.
};

/// The answer to a submission or a part of one.
struct job_ticket {
  uint64_t job = 0;
  uint64_t accepted = 0; ///< Requests stored so far: the index at which the next part begins.
  bool complete = false; ///< All requests are stored.
  bool existed = false;  ///< The idempotency key was known: this is the earlier job.
};

using core::job_info;
using core::tenant_counts;

/// Which jobs to list: the newest first.
struct job_filter {
  std::string tenant;       ///< Empty: all tenants.
  bool active_only = false; ///< Without the jobs that have ended.
  uint64_t before = 0;      ///< Only lower ids, for the next page; 0: from the newest.
  uint32_t count_max = 100;
};

/// Asks for outcomes of a job, in the order of its requests.
struct results_query {
  uint64_t job = 0;
  uint64_t from = 0; ///< Index of the first outcome to return.
  uint32_t count_max = 256;
  uint64_t bytes_max = 1u << 20; ///< The first outcome may be larger.
  caf::timespan wait{};          ///< How long to wait if there is no outcome yet.
  /// The caller needs no outcome below `from` again. An engine without a durable store drops them.
  bool forget = false;
};

/// Outcomes without a gap. An engine with a durable store gives lines (the form of OpenAI's batch
/// output with a `penstock` object); an engine without one gives outcomes.
struct results_page {
  uint64_t job = 0;
  uint64_t from = 0; ///< Index of the first outcome.
  std::vector<sink_item> items;
  bool end = false;                     ///< The job has ended, and these are its last outcomes.
  job_state state = job_state::running; ///< Of the job.
};

/// Asks for the outcomes of a job as they come. The sender, an `outcome_taker_actor`, gets pages of
/// together at most `credit` outcomes, and more for each `credit` message that it sends.
struct subscription {
  uint64_t job = 0;
  uint64_t from = 0;
  uint32_t credit = 256;
};

/// A stored job at the start of one of its lives.
struct stored_job {
  uint64_t job = 0;
  uint32_t life = 1; ///< How often the job was started; sets the epochs of its hand-outs.
  std::string name, tenant;
  job_options options;
  uint64_t total = 0;             ///< Requests of the job.
  uint64_t first = 0;             ///< All requests below this index have their outcome.
  std::vector<uint64_t> recorded; ///< Indexes above `first` that have their outcome.
  job_progress before;            ///< Progress made in earlier lives.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, submission& x) {
  return f(caf::meta::type_name("penstock.submission"), x.options, x.name, x.idempotency_key,
           x.requests, x.complete);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, submission_part& x) {
  return f(caf::meta::type_name("penstock.submission_part"), x.job, x.first, x.requests,
           x.complete);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_ticket& x) {
  return f(caf::meta::type_name("penstock.job_ticket"), x.job, x.accepted, x.complete, x.existed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_filter& x) {
  return f(caf::meta::type_name("penstock.job_filter"), x.tenant, x.active_only, x.before,
           x.count_max);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, results_query& x) {
  return f(caf::meta::type_name("penstock.results_query"), x.job, x.from, x.count_max, x.bytes_max,
           x.wait, x.forget);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, results_page& x) {
  return f(caf::meta::type_name("penstock.results_page"), x.job, x.from, x.items, x.end, x.state);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, subscription& x) {
  return f(caf::meta::type_name("penstock.subscription"), x.job, x.from, x.credit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stored_job& x) {
  return f(caf::meta::type_name("penstock.stored_job"), x.job, x.life, x.name, x.tenant, x.options,
           x.total, x.first, x.recorded, x.before);
}

} // namespace penstock

namespace penstock::core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_info& x) {
  return f(caf::meta::type_name("penstock.job_info"), x.id, x.name, x.idempotency_key, x.tenant,
           x.priority, x.requests, x.created, x.ended, x.waits_for, x.progress);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tenant_counts& x) {
  return f(caf::meta::type_name("penstock.tenant_counts"), x.tenant, x.priority, x.jobs, x.pending,
           x.scheduled, x.processing, x.completed, x.failed, x.cancelled, x.expired);
}

} // namespace penstock::core
