#pragma once

#include "core/job/job_info.hpp"
#include "messages/flow.hpp"
#include "messages/job.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// What programs send to an engine to have work done, on the same machine or another.
namespace penstock {

/// A job by value. It starts once all of its requests are there, and they are there for good: the
/// answer comes after the engine's store is synced.
struct submission {
  job_options options;
  std::string name; ///< For people, for example the input's file name.
  /// Of this tenant: a second submission with the same key is the first one. Empty: none.
  std::string idempotency_key;
  std::vector<shared_request> requests; ///< The first ones, or all; `index` is set by the engine.
  bool complete = true;                 ///< False: more follow by `add`.
};

/// More requests of a job that is `receiving`.
struct submission_part {
  uint64_t job = 0;
  uint64_t first = 0; ///< Index of the first of them; those that are there already are skipped.
  std::vector<shared_request> requests;
  bool complete = true; ///< No more will come.
};

/// The answer to a submission or a part of one: so much is safe.
struct job_ticket {
  uint64_t job = 0;
  uint64_t accepted = 0; ///< Requests that are safe; the index that the next part begins with.
  bool complete = false; ///< All are there.
  bool existed = false; ///< The idempotency key was known: this is the job of the first submission.
};

using core::job_info;
using core::tenant_counts;

/// Which jobs to list: the newest first.
struct job_filter {
  std::string tenant;       ///< Empty: all.
  bool active_only = false; ///< Leaves those out that have ended.
  uint64_t before = 0;      ///< Only ids below, to page on; 0: from the newest.
  uint32_t count_max = 100;
};

/// Asks for outcomes of a job, in the order of its requests.
struct results_query {
  uint64_t job = 0;
  uint64_t from = 0; ///< Index of the first one wanted.
  uint32_t count_max = 256;
  uint64_t bytes_max = 1u << 20; ///< Beyond the first one.
  caf::timespan wait{};          ///< How long to wait for one if there is none yet.
  /// All below `from` will not be asked for again: an engine without a durable store drops it.
  bool forget = false;
};

/// Outcomes without a gap. An engine with a durable store gives lines (OpenAI batch output form
/// with a `penstock` object), one without gives outcomes.
struct results_page {
  uint64_t job = 0;
  uint64_t from = 0; ///< Index of the first one.
  std::vector<sink_item> items;
  bool end = false;                     ///< The job has ended, and nothing comes after these.
  job_state state = job_state::running; ///< Of the job.
};

/// Asks for the outcomes of a job as they come, by message: an `outcome_taker_actor` gets pages of
/// at most `credit` outcomes together, and more for each `credit` that it gives back.
struct subscription {
  uint64_t job = 0;
  uint64_t from = 0;
  uint32_t credit = 256;
};

/// A job of a store as it is taken up, at first or again.
struct stored_job {
  uint64_t job = 0;
  uint32_t life = 1; ///< How often it was taken up; begins its epochs.
  std::string name, tenant;
  job_options options;
  uint64_t total = 0;             ///< Its requests.
  uint64_t first = 0;             ///< All below have their outcome.
  std::vector<uint64_t> recorded; ///< Above `first`, these have one.
  job_progress before;            ///< What earlier lives did.
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
