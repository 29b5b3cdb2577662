#include "actors/node/worker.hpp"

#include "core/protocol/api_path.hpp"
#include "core/protocol/replace_model.hpp"

#include <caf/all.hpp>

#include <utility>

namespace penstock::actors {

worker_state::attempt* worker_state::find(uint64_t id, enum attempt::stage stage) {
  for (auto& a : attempts_)
    if (a.stage == stage && a.id == id)
      return &a;
  return nullptr;
}

const worker_upstream& worker_state::upstream_of(const attempt& a) const {
  return setup->upstreams[setup->routes.lanes()[walk_.at(a.candidate).lane].upstream];
}

const rate_limiter_actor& worker_state::limiter_of(const attempt& a) const {
  return neighbours.limiters[walk_.at(a.candidate).lane];
}

core::permit_request worker_state::permit_call(const attempt& a) const {
  core::permit_request call;
  call.id = a.id;
  call.owner = task.node_id;
  call.tenant = task.tenant;
  call.priority = task.priority;
  call.input_bytes = a.what->body ? static_cast<uint32_t>(a.what->body->size()) : 0;
  call.output_tokens_max = a.what->output_tokens_max;
  return call;
}

/// Asks the lane of `candidate` for a permit.
void worker_state::begin(attempt& a, size_t candidate, std::optional<duration> patience) {
  a = {};
  a.stage = attempt::stage::asking;
  a.id = (task.id << 16) | (++turn_ & 0xFFFF);
  a.candidate = candidate;
  a.what = task.request.what;
  if (auto& model = walk_.at(candidate).model; model != what().model)
    a.what = make_shared_value(core::replace_model(what(), model));
  auto call = permit_call(a);
  call.patience = patience;
  // Whoever waits for a live request learns soon that its lane pauses for longer than it may wait.
  if (is_live(task.request.key.job)) {
    const auto left = std::max(duration{}, started_ + task.time_left - self->clock().now());
    call.patience = std::min(patience.value_or(left), left);
  }
  self->send(limiter_of(a), atom::acquire_v, std::move(call));
}

void worker_state::granted(const core::permit& permit) {
  auto* a = find(permit.id, attempt::stage::asking);
  if (!a)
    return;
  if (task.lease && task.lease->is_over(self->clock().now())) {
    settle(take(*a), false, {}, true);
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "the node has lost its head"});
    return;
  }
  if (std::exchange(first_permit_, false))
    outcome_.queued += self->clock().now() - started_;
  a->permit = permit;
  const auto& upstream = upstream_of(*a);
  // A job whose indexes are not stable has its own ids for requests.
  const auto client_id =
    task.client_id.empty() ? what().custom_id : task.client_id + '-' + std::to_string(what().index);
  auto encoded =
    core::is_allowed_path(a->what->url, upstream.paths)
      ? upstream.protocol->encode(*a->what, upstream.base_url, upstream.api_key, client_id)
      : core::path_refused(a->what->url);
  if (!encoded) {
    settle(take(*a), false, {}, true);
    end(report_kind::finished, core::outcome_state::failed, encoded.error());
    return;
  }
  auto call = std::make_shared<core::exchange>();
  call->id = permit.id;
  call->request = std::move(*encoded);
  call->timeout = setup->timeout;
  call->idle_timeout = setup->idle_timeout;
  call->body_max = setup->body_max;
  call->ca_file = upstream.ca_file;
  if (task.stream)
    tap(*call);
  self->send(neighbours.http, atom::send_v, exchange_call{std::move(call)});
  a->stage = attempt::stage::sending;
  a->sent = self->clock().now();
  hedged_ += a->beside.has_value();
  if (!a->beside && may_hedge())
    self->delayed_send(self, *task.hedge_after, atom::hedge_v, a->id);
}

void worker_state::settle(const attempt& a, bool sent, const core::verdict& v, bool abandoned) {
  core::settlement s;
  s.id = a.id;
  s.sent = sent;
  s.abandoned = abandoned;
  s.kind = v.kind;
  s.used = v.used;
  s.input_bytes = permit_call(a).input_bytes;
  s.retry_after = v.retry_after;
  s.limits = v.limits;
  if (v.code == errc::rate_limited)
    s.reason = v.message;
  // Anonymous, because a dying worker settles, too.
  caf::anon_send(limiter_of(a), atom::settle_v, s);
}

/// Removes an attempt. If the other one is in progress, it becomes the first.
worker_state::attempt worker_state::take(attempt& a) {
  auto out = std::exchange(a, {});
  if (!attempts_[0].is_live())
    std::swap(attempts_[0], attempts_[1]);
  return out;
}

/// Cancels an attempt whose answer is not needed any more.
void worker_state::cancel(attempt& a) {
  if (!a.is_live())
    return;
  const auto sent = a.stage == attempt::stage::sending;
  if (sent) {
    caf::anon_send(neighbours.http, atom::abort_v, a.id);
    // It may have been charged: count the expected usage, because the real one is unknown.
    ++outcome_.attempts;
    core::usage expected;
    expected.input_tokens = static_cast<uint64_t>(a.permit.input_tokens);
    expected.output_tokens = static_cast<uint64_t>(a.permit.output_tokens);
    expected.known = true;
    add_cost(a, expected);
  } else {
    caf::anon_send(limiter_of(a), atom::withdraw_v, a.id);
  }
  // A permit may be on its way to us. Settle it now, so that the limiter does not wait for it.
  settle(a, sent, {}, true);
  a = {};
}

void worker_state::add_cost(const attempt& a, const core::usage& used) {
  if (const auto cost = upstream_of(a).prices.cost(a.what->model, used))
    outcome_.cost = outcome_.cost.value_or(0) + *cost;
}

// --- second attempts ---

bool worker_state::may_hedge() const {
  // Sequential mode allows only one attempt at a time.
  return task.hedge_after && task.ran_as != core::mode::sequential && hedged_ == 0 && !aborted_ &&
         !attempts_[1].is_live() && plan_.counted() + 2 <= attempts_max_ &&
         walk_.other_than(attempts_[0].candidate);
}

void worker_state::take_long(uint64_t id) {
  if (find(id, attempt::stage::sending) && may_hedge())
    self->send(node, atom::hedge_v, task.request.key);
}

void worker_state::hedge() {
  if (attempts_[0].stage != attempt::stage::sending || !may_hedge())
    return;
  // A lane that pauses does not help a slow request.
  begin(attempts_[1], *walk_.other_than(attempts_[0].candidate), duration{});
  attempts_[1].beside = attempts_[0].candidate;
}

// --- told to stop, or that things have changed ---

worker_state::~worker_state() {
  if (phase_ == phase::ended || !node)
    return;
  leave_cache(false);
  // Report what was spent so far. The exchanges in flight may have been charged, too.
  for (auto& a : attempts_)
    cancel(a);
  work_report report{
    task.request.key, report_kind::lost, make_shared_value(std::move(outcome_)), {}, {}, false};
  report.hedged = hedged_;
  caf::anon_send(node, atom::done_v, std::move(report));
}

void worker_state::abort() {
  if (phase_ == phase::ended)
    return;
  cancel(attempts_[1]);
  if (attempts_[0].stage == attempt::stage::sending) {
    // The exchange may have ended already. Then its reply counts, but there is no further attempt.
    aborted_ = true;
    self->send(neighbours.http, atom::abort_v, attempts_[0].id);
    return;
  }
  end(report_kind::given_back, core::outcome_state::failed,
      error{errc::cancelled, "stopped before an attempt"});
}

void worker_state::drain() {
  if (attempts_[0].stage != attempt::stage::sending)
    return abort();
  aborted_ = true;
  if (attempts_[1].stage == attempt::stage::asking)
    cancel(attempts_[1]);
}

void worker_state::lose_lane(uint32_t lane, const error& why) {
  if (phase_ == phase::ended || !walk_.lose_lane(lane, why))
    return;
  const auto waits_there = [&](const attempt& a) {
    return a.stage == attempt::stage::asking && walk_.at(a.candidate).lane == lane;
  };
  if (waits_there(attempts_[1]))
    cancel(attempts_[1]);
  if (!waits_there(attempts_[0]))
    return;
  cancel(attempts_[0]);
  if (attempts_[1].is_live())
    std::swap(attempts_[0], attempts_[1]);
  else
    ask();
}

void worker_state::rewire(const wiring& now) {
  const auto before = neighbours;
  rewire_cache(now.cache);
  neighbours = now;
  for (auto& a : attempts_) {
    if (!a.is_live() || before.limiters[walk_.at(a.candidate).lane] == limiter_of(a))
      continue;
    if (a.stage == attempt::stage::sending)
      self->send(limiter_of(a), atom::adopt_v, permit_call(a));
    else
      begin(a, a.candidate, std::nullopt);
  }
  if (before.http == now.http)
    return;
  // The client died with the exchanges. It is unknown whether they were sent.
  for (auto id : {attempts_[0].id, attempts_[1].id}) {
    core::http_response gone;
    gone.failure = core::transport_error::reset;
    gone.failure_text = "the http client was restarted";
    gone.sent = true;
    reply({id, std::make_shared<core::http_response>(std::move(gone))});
  }
}

} // namespace penstock::actors
