#pragma once

#include "core/attempt/cached_answer.hpp"
#include "messages/inspect.hpp"

#include <cstdint>
#include <string>

namespace penstock {

using shared_answer = shared<core::cached_answer>;

/// Worker to response cache: is there an answer to this request? @see io::cache_key
struct cache_query {
  uint64_t id = 0;    ///< Of the question, unique among all nodes.
  uint64_t owner = 0; ///< Node of the worker. If it dies, its questions are dropped.
  core::cache_mode mode = core::cache_mode::on; ///< Cache mode of the job.
  std::string key; ///< Equal for requests that may share an answer; never across tenants.
};

/// Response cache to worker: the answer.
struct cache_hit {
  uint64_t id = 0;     ///< As in the query.
  bool joined = false; ///< True: an equal request in flight got it just now. False: it was stored.
  shared_answer answer;
};

/// Worker to response cache: the answer to a request that the worker was told to send.
struct cache_result {
  uint64_t id = 0;  ///< As in the query.
  std::string key;  ///< As in the query.
  bool keep = true; ///< False: give it to the requests that wait, but do not store it.
  shared_answer answer;
};

/// Worker to response cache: the worker needs no answer any more, and has none to give.
struct cache_leave {
  uint64_t id = 0; ///< As in the query.
  std::string key; ///< As in the query.
  /// True: the provider gave no usable answer. False: the provider was not asked, or did not
  /// answer.
  bool failed = false;
};

/// Counters of a response cache since its start.
struct cache_snapshot {
  uint64_t hits = 0, misses = 0;
  uint64_t joined = 0;    ///< Requests answered together with an equal request in flight.
  uint64_t kept = 0;      ///< Answers written to the store.
  uint64_t dropped = 0;   ///< Answers that the store refused.
  uint64_t in_flight = 0; ///< Keys that are being asked for upstream.
  uint64_t waiting = 0;   ///< Requests that wait for an equal one.
  error trouble;          ///< The last failure of the store; empty context: no failure.
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_query& x) {
  return f(caf::meta::type_name("penstock.cache_query"), x.id, x.owner, x.mode, x.key);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_hit& x) {
  return f(caf::meta::type_name("penstock.cache_hit"), x.id, x.joined, x.answer);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_result& x) {
  return f(caf::meta::type_name("penstock.cache_result"), x.id, x.key, x.keep, x.answer);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_leave& x) {
  return f(caf::meta::type_name("penstock.cache_leave"), x.id, x.key, x.failed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cache_snapshot& x) {
  return f(caf::meta::type_name("penstock.cache_snapshot"), x.hits, x.misses, x.joined, x.kept,
           x.dropped, x.in_flight, x.waiting, x.trouble);
}

namespace core {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cached_answer& x) {
  return f(caf::meta::type_name("penstock.cached_answer"), x.status_code, x.request_id, x.body,
           x.used, x.upstream, x.lane);
}

} // namespace core
} // namespace penstock
