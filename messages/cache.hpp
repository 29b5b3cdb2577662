#pragma once

#include "core/attempt/cached_answer.hpp"
#include "messages/inspect.hpp"

#include <cstdint>
#include <string>

namespace penstock {

using shared_answer = shared<core::cached_answer>;

/// Worker to response cache: has anybody answered this? @see io::cache_key
struct cache_query {
  uint64_t id = 0;    ///< Of the asker, unique among the workers of all nodes.
  uint64_t owner = 0; ///< The node it runs on: if that dies, its questions are void.
  core::cache_mode mode = core::cache_mode::on; ///< Of its job.
  std::string key; ///< Equal for requests that may share an answer; never across tenants.
};

/// Response cache to worker: somebody has.
struct cache_hit {
  uint64_t id = 0;     ///< As in the query.
  bool joined = false; ///< An equal request in flight has just been answered; else it was kept.
  shared_answer answer;
};

/// Worker to response cache: the answer to what it was told to send itself.
struct cache_result {
  uint64_t id = 0;  ///< As in the query.
  std::string key;  ///< As in the query.
  bool keep = true; ///< False: good for those who wait for it, but not to be kept.
  shared_answer answer;
};

/// Worker to response cache: it needs no answer any more, and brings none.
struct cache_leave {
  uint64_t id = 0; ///< As in the query.
  std::string key; ///< As in the query.
  bool failed =
    false; ///< The upstream was asked and gave no usable answer; else it was never heard.
};

/// What a response cache has done since it was started.
struct cache_snapshot {
  uint64_t hits = 0, misses = 0;
  uint64_t joined = 0;    ///< Answered together with an equal request in flight.
  uint64_t kept = 0;      ///< Answers written to the store.
  uint64_t dropped = 0;   ///< Answers that the store did not take.
  uint64_t in_flight = 0; ///< Different keys under way.
  uint64_t waiting = 0;   ///< Requests that wait for an equal one.
  error trouble;          ///< The last failure of the store; no context: none.
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
