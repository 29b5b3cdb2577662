#include "actors/worker.hpp"

#include "config/lanes.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

worker_state::~worker_state() {
  if (phase_ == phase::ended || !node)
    return;
  leave_cache(false);
  core::settlement s;
  s.id = permit_call().id;
  s.input_bytes = permit_call().input_bytes;
  s.abandoned = true;
  s.sent = phase_ == phase::sending;
  if (phase_ == phase::asking)
    caf::anon_send(neighbours.limiters[lane_], atom::withdraw_v, s.id);
  if (phase_ == phase::asking || phase_ == phase::sending) // A grant may be under way to us.
    caf::anon_send(neighbours.limiters[lane_], atom::settle_v, s);
  if (phase_ == phase::sending)
    caf::anon_send(neighbours.http, atom::abort_v, s.id);
  // What was spent so far goes along; the exchange under way may have been charged too.
  outcome_.attempts += phase_ == phase::sending;
  caf::anon_send(node, atom::done_v,
                 work_report{task.request.key, report_kind::lost,
                             make_shared_value(std::move(outcome_)), {}, {}});
}

uint64_t worker_state::random() {
  // SplitMix64: one word of state, and a retry needs one number.
  rng_ += 0x9E3779B97F4A7C15u;
  auto z = rng_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

core::permit_request worker_state::permit_call() const {
  return {(task.id << 16) | (turn_ & 0xFFFF),
          task.node_id,
          task.tenant,
          task.priority,
          what().body ? static_cast<uint32_t>(what().body->size()) : 0,
          what().output_tokens_max};
}

void worker_state::start() {
  const auto now = self->clock().now();
  const auto& req = task.request;
  started_ = now;
  rng_ = task.seed ^ (req.key.index * 0x9E3779B97F4A7C15u) ^ req.key.epoch;
  outcome_.index = what().index;
  outcome_.custom_id = what().custom_id;
  outcome_.attempts = req.attempts_before;
  outcome_.rate_limited = req.rate_limited_before;
  outcome_.queued = req.queued_before;
  outcome_.upstream = req.upstream_before;
  outcome_.ran_as = task.ran_as;
  first_permit_ = req.attempts_before == 0;

  auto limits = setup->attempts;
  // A request that comes back from a closed lane, or from another mode, has used up some.
  const auto used = req.attempts_before - std::min(req.attempts_before, req.rate_limited_before);
  limits.attempts_max = task.attempts_max > used ? task.attempts_max - used : 1;
  const auto last_mode = task.ran_as == core::mode::sequential;
  plan_ = core::attempt_plan{last_mode ? core::patient(limits) : limits,
                             task.time_left > duration{} ? std::optional{now + task.time_left}
                                                         : std::nullopt,
                             last_mode};
  const auto& routes = setup->routes;
  const auto route = std::find_if(routes.begin(), routes.end(), [&](auto& r) {
    return r.models.empty() || std::any_of(r.models.begin(), r.models.end(), [&](auto& glob) {
             return config::glob_match(glob, what().model);
           });
  });
  if (route == routes.end()) {
    end(report_kind::finished, core::outcome_state::failed,
        error{errc::invalid_config, "no lane takes the model \"" + what().model + '"'});
    return;
  }
  lane_ = static_cast<size_t>(route - routes.begin());
  outcome_.lane = route->lane;
  if (!look_up())
    ask();
}

void worker_state::ask() {
  phase_ = phase::asking;
  ++turn_;
  self->send(neighbours.limiters[lane_], atom::acquire_v, permit_call());
}

void worker_state::granted(const core::permit& permit) {
  if (phase_ != phase::asking || permit.id != permit_call().id)
    return;
  if (first_permit_) {
    first_permit_ = false;
    outcome_.queued += self->clock().now() - started_;
  }
  const auto client_id = task.client_id + '-' + std::to_string(what().index);
  auto encoded = setup->protocol->encode(what(), setup->base_url, setup->api_key, client_id);
  phase_ = phase::sending;
  if (!encoded) {
    settle(false, {}, true);
    end(report_kind::finished, core::outcome_state::failed, encoded.error());
    return;
  }
  auto call = std::make_shared<io::exchange>();
  call->id = permit.id;
  call->request = std::move(*encoded);
  call->timeout = setup->timeout;
  call->idle_timeout = setup->idle_timeout;
  call->body_max = setup->body_max;
  self->send(neighbours.http, atom::send_v, exchange_call{std::move(call)});
}

void worker_state::refused(uint64_t id, const error& why) {
  if (phase_ != phase::asking || id != permit_call().id)
    return;
  // A closed lane is the job's affair: it knows what else there is to do, and when to come back.
  if (why.code == errc::unavailable || why.code == errc::quota_exhausted) {
    auto text = why.context;
    if (!last_failure_.empty())
      text += "; the last attempt failed: " + last_failure_;
    end(report_kind::held, core::outcome_state::failed, error{why.code, std::move(text)});
    return;
  }
  const auto next = plan_.refused(why, self->clock().now(), random());
  if (next.what == core::next_step::action::retry_after) {
    phase_ = phase::backing_off;
    self->delayed_send(self, next.wait, atom::wake_v);
    return;
  }
  const auto degraded = next.what == core::next_step::action::carry_over;
  end(degraded ? report_kind::degraded : report_kind::finished, next.state, next.failure);
}

void worker_state::settle(bool sent, const core::verdict& v, bool abandoned) {
  core::settlement s;
  const auto call = permit_call();
  s.id = call.id;
  s.sent = sent;
  s.abandoned = abandoned;
  s.kind = v.kind;
  s.used = v.used;
  s.input_bytes = call.input_bytes;
  s.retry_after = v.retry_after;
  s.limits = v.limits;
  self->send(neighbours.limiters[lane_], atom::settle_v, s);
}

void worker_state::reply(const exchange_reply& answer) {
  if (phase_ != phase::sending || answer.id != permit_call().id)
    return;
  auto& response = *answer.response;
  if (response.failure == core::transport_error::cancelled) {
    // We were told to stop; what was sent may have been charged.
    settle(response.sent, {}, true);
    outcome_.attempts += response.sent;
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "stopped while in flight"});
    return;
  }
  auto v = setup->protocol->decode(what(), response, std::chrono::system_clock::now());
  settle(response.sent || response.failure == core::transport_error::none, v);
  judged(std::move(v), std::move(response.body), response.status, response.elapsed);
}

void worker_state::judged(core::verdict v, std::string body, int status, duration elapsed) {
  last_attempt_ = std::max(elapsed, duration{1});
  ++outcome_.attempts;
  outcome_.upstream += elapsed;
  outcome_.status_code = status;
  outcome_.request_id = v.request_id;
  outcome_.used = v.used;
  outcome_.rate_limited += status == 429;
  if (const auto cost = setup->prices.cost(what().model, v.used))
    outcome_.cost = outcome_.cost.value_or(0) + *cost;
  // The outcome carries the last answer.
  outcome_.body = status > 0 ? core::make_payload(setup->protocol->present(what(), std::move(body), v))
                             : core::payload{};
  if (v.kind != core::reply_kind::success)
    last_failure_ = v.message;
  auto next = plan_.judge(v, self->clock().now(), random());
  using action = core::next_step::action;
  if (next.what == action::retry_after && aborted_) {
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "stopped before another attempt"});
    return;
  }
  if (next.what == action::retry_after && next.wait <= duration{}) {
    ask();
    return;
  }
  if (next.what == action::retry_after) {
    phase_ = phase::backing_off;
    self->delayed_send(self, next.wait, atom::wake_v);
    return;
  }
  switch (next.what) {
  case action::finish_completed:
    end(report_kind::finished, core::outcome_state::completed, std::nullopt);
    break;
  case action::carry_over: end(report_kind::degraded, next.state, next.failure); break;
  case action::abort_job: end(report_kind::aborting, next.state, next.failure); break;
  case action::park_job: end(report_kind::held, next.state, next.failure, next.wait); break;
  default: end(report_kind::finished, next.state, next.failure);
  }
}

void worker_state::abort() {
  switch (phase_) {
  case phase::asking:
    self->send(neighbours.limiters[lane_], atom::withdraw_v, permit_call().id);
    // A grant may be under way; the limiter must not wait for its end.
    settle(false, {}, true);
    [[fallthrough]];
  case phase::looking_up:
  case phase::backing_off:
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "stopped before an attempt"});
    break;
  case phase::sending:
    // The exchange may have ended already: then its reply decides, but nothing is tried again.
    aborted_ = true;
    self->send(neighbours.http, atom::abort_v, permit_call().id);
    break;
  case phase::ended: break;
  }
}

void worker_state::drain() {
  if (phase_ == phase::sending)
    aborted_ = true;
  else
    abort();
}

void worker_state::rewire(const wiring& now) {
  const auto other_limiter = now.limiters[lane_] != neighbours.limiters[lane_];
  const auto other_http = now.http != neighbours.http;
  rewire_cache(now.cache);
  neighbours = now;
  if (other_limiter && phase_ == phase::asking)
    ask();
  else if (other_limiter && phase_ == phase::sending)
    self->send(neighbours.limiters[lane_], atom::adopt_v, permit_call());
  if (other_http && phase_ == phase::sending) {
    // The client died with the exchange; whether it was sent nobody knows.
    core::http_response gone;
    gone.failure = core::transport_error::reset;
    gone.failure_text = "the http client was restarted";
    gone.sent = true;
    reply({permit_call().id, std::make_shared<core::http_response>(std::move(gone))});
  }
}

void worker_state::wake() {
  if (phase_ == phase::backing_off)
    ask();
}

void worker_state::end(report_kind kind, core::outcome_state state, std::optional<error> failure,
                       duration resume_in) {
  phase_ = phase::ended;
  outcome_.state = state;
  outcome_.failure = std::move(failure);
  tell_cache(kind);
  self->send(node, atom::done_v,
             work_report{task.request.key, kind, make_shared_value(std::move(outcome_)), resume_in,
                         last_attempt_, joined_});
  self->quit();
}

worker_actor::behavior_type
worker(worker_actor::stateful_pointer<worker_state> self, std::shared_ptr<const worker_setup> setup,
       worker_task task, wiring neighbours, node_actor node) {
  auto& st = self->state;
  st.self = self;
  st.setup = std::move(setup);
  st.task = std::move(task);
  st.neighbours = std::move(neighbours);
  st.node = std::move(node);
  st.start();
  return {
    [self](atom::granted, const core::permit& permit) { self->state.granted(permit); },
    [self](atom::refused, uint64_t id, const error& why) { self->state.refused(id, why); },
    [self](atom::found, const cache_hit& hit) { self->state.found(hit); },
    [self](atom::lead, uint64_t id) { self->state.lead(id); },
    [self](atom::reply, const exchange_reply& answer) { self->state.reply(answer); },
    [self](atom::abort) { self->state.abort(); },
    [self](atom::drain) { self->state.drain(); },
    [self](atom::rewire, const wiring& now) { self->state.rewire(now); },
    [self](atom::wake) { self->state.wake(); },
  };
}

} // namespace penstock::actors
