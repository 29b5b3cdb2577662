#include "actors/node/worker.hpp"

#include "core/io/store/cache_key.hpp"
#include "core/recipe/answer_json.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

/// Asks the cache, if the job uses one. @returns false: ask the lane now.
bool worker_state::look_up() {
  if (task.cache == core::cache_mode::off || !neighbours.cache)
    return false;
  const auto& upstream = setup->upstreams[setup->routes.lanes()[walk_.at(0).lane].upstream];
  cache_key_ =
    io::cache_key({task.tenant, upstream.cache_family, upstream.protocol->name()}, what());
  if (cache_key_.empty())
    return false;
  phase_ = phase::looking_up;
  self->send(neighbours.cache, atom::look_up_v,
             cache_query{task.id, task.node_id, task.cache, cache_key_});
  return true;
}

void worker_state::found(const cache_hit& hit) {
  if (phase_ != phase::looking_up || hit.id != task.id)
    return;
  cache_key_.clear(); // The cache does not wait for us any more.
  const auto& answer = *hit.answer;
  joined_ = hit.joined;
  outcome_.cached = true;
  outcome_.queued += self->clock().now() - started_;
  outcome_.status_code = answer.status_code;
  outcome_.request_id = answer.request_id;
  outcome_.body = answer.body;
  outcome_.used = answer.used;
  outcome_.upstream += answer.upstream;
  outcome_.lane = answer.lane;
  end(report_kind::finished, core::outcome_state::completed, std::nullopt);
}

void worker_state::lead(uint64_t id) {
  if (phase_ != phase::looking_up || id != task.id)
    return;
  leads_ = true;
  ask_anew();
}

void worker_state::rewire_cache(const response_cache_actor& now) {
  if (now == neighbours.cache || cache_key_.empty())
    return;
  if (!now) {
    cache_key_.clear();
    if (phase_ == phase::looking_up)
      ask_anew();
    return;
  }
  const cache_query query{task.id, task.node_id, task.cache, cache_key_};
  if (leads_)
    caf::anon_send(now, atom::adopt_v, query);
  else
    self->send(now, atom::look_up_v, query);
}

/// Tells the cache that there is no answer from this worker. @param failed The provider was asked.
void worker_state::leave_cache(bool failed) {
  if (cache_key_.empty())
    return;
  caf::anon_send(neighbours.cache, atom::withdraw_v,
                 cache_leave{task.id, std::exchange(cache_key_, {}), failed});
}

/// Tells the cache how this hand-out ended.
void worker_state::tell_cache(report_kind kind) {
  if (cache_key_.empty())
    return;
  if (kind != report_kind::finished || outcome_.state != core::outcome_state::completed ||
      !leads_) {
    leave_cache(kind == report_kind::finished || kind == report_kind::degraded);
    return;
  }
  core::cached_answer answer;
  answer.status_code = outcome_.status_code;
  answer.request_id = outcome_.request_id;
  answer.body = outcome_.body;
  answer.used = outcome_.used;
  answer.upstream = outcome_.upstream;
  answer.lane = outcome_.lane;
  // The answer of another model is for the requests that wait now, but is not stored.
  const auto keep = answer.body && !other_model_ && core::is_whole_answer(*answer.body) &&
                    !core::has_only_thoughts(*answer.body);
  self->send(neighbours.cache, atom::publish_v,
             cache_result{task.id, std::exchange(cache_key_, {}), keep,
                          make_shared_value(std::move(answer))});
}

} // namespace penstock::actors
