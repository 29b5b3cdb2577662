#include "actors/node/worker.hpp"
#include "core/base/random.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::actors {

namespace {

/// Whether the provider is down. Not the fault of the request.
bool is_outage(core::reply_kind kind) {
  return kind == core::reply_kind::transport || kind == core::reply_kind::overloaded ||
         kind == core::reply_kind::server_error;
}

/// For a request that one lane told to wait for hours and that another lane could take, but is
/// closed: it is tried again after this time.
constexpr duration closed_lane_wait = std::chrono::minutes{1};

} // namespace

uint64_t worker_state::random() { return core::next_random(rng_); }

void worker_state::start(worker_task next) {
  static_cast<worker_request&>(*this) = {};
  task = std::move(next);
  const auto now = self->clock().now();
  const auto& req = task.request;
  started_ = now;
  rng_ = task.seed ^ (req.key.index * core::random_step) ^ req.key.epoch;
  outcome_.index = what().index;
  outcome_.custom_id = what().custom_id;
  outcome_.attempts = req.attempts_before;
  outcome_.rate_limited = req.rate_limited_before;
  outcome_.queued = req.queued_before;
  outcome_.upstream = req.upstream_before;
  outcome_.ran_as = task.ran_as;
  first_permit_ = req.attempts_before == 0;

  auto limits = setup->attempts;
  // A request that comes back from a closed lane or another mode has used some attempts already.
  const auto used = req.attempts_before - std::min(req.attempts_before, req.rate_limited_before);
  attempts_max_ = limits.attempts_max = task.attempts_max > used ? task.attempts_max - used : 1;
  const auto last_mode = task.ran_as == core::mode::sequential;
  plan_ = core::attempt_plan{
    last_mode ? core::patient(limits) : limits,
    task.time_left > duration{} ? std::optional{now + task.time_left} : std::nullopt, last_mode};
  // The draw depends only on the request, so that all of its hand-outs begin at the same lane.
  auto drawn = task.seed ^ ((req.key.index + 1) * 0xD1342543DE82EF95u);
  walk_ = core::route_walk{setup->routes.candidates(what().model, drawn), setup->routes.lanes()};
  if (walk_.empty()) {
    end(report_kind::finished, core::outcome_state::failed,
        error{errc::invalid_config, "no lane takes the model \"" + what().model +
                                      "\"; add it to a route, or give [upstream] a key"});
    return;
  }
  for (auto& [lane, why] : task.lost)
    walk_.lose_lane(lane, why);
  outcome_.lane = walk_.lane_name(0);
  lanes_ = {walk_.at(0).lane};
  if (!look_up())
    ask_anew();
}

/// Asks the lanes of the route again from the first on.
void worker_state::ask_anew() {
  walk_.begin_round();
  told_to_wait_ = false;
  ask();
}

/// Asks the next lane in this round.
void worker_state::ask() {
  phase_ = phase::running;
  const auto step = walk_.next();
  if (!step)
    return finish_round();
  begin(attempts_[0], step->candidate,
        step->patient ? std::nullopt : std::optional{setup->route_patience});
}

/// No lane is left to ask.
void worker_state::finish_round() {
  auto at = walk_.end();
  if (at.all_out) {
    end(report_kind::aborting, core::outcome_state::failed, std::move(at.why));
    return;
  }
  // The job handles closed lanes: it knows its other requests, and when to try again.
  if (!at.lanes.empty()) {
    outcome_.lane = walk_.names_of(at.lanes);
    lanes_ = std::move(at.lanes);
    outcome_.lane_reason.clear();
    const auto quota = at.why.code == errc::quota_exhausted;
    if (told_to_wait_) { // Its lanes may take other requests: only this one is held.
      const auto wait = at.retry_in > duration{} ? at.retry_in : closed_lane_wait;
      at.why.code = errc::rate_limited;
      return end(report_kind::held, core::outcome_state::failed, std::move(at.why), wait);
    }
    if (!quota && !last_failure_.empty())
      at.why.context += "; the last attempt failed: " + last_failure_;
    end(report_kind::held, core::outcome_state::failed, std::move(at.why),
        quota ? at.retry_in : duration{});
    return;
  }
  const auto next = plan_.refused(at.why, self->clock().now(), random());
  if (next.what == core::next_step::action::retry_after)
    return back_off(next.wait);
  switch (next.what) {
  case core::next_step::action::carry_over:
    return end(report_kind::degraded, next.state, next.failure);
  case core::next_step::action::stay_open: return end(report_kind::held, next.state, next.failure);
  default: end(report_kind::finished, next.state, next.failure);
  }
}

void worker_state::back_off(duration wait) {
  if (wait <= duration{})
    return ask_anew();
  phase_ = phase::backing_off;
  wake_at_ = self->clock().now() + wait;
  self->delayed_send(self, wait, atom::wake_v);
}

void worker_state::wake() {
  // A timer of an earlier request fires too early.
  if (phase_ == phase::backing_off && self->clock().now() >= wake_at_)
    ask_anew();
}

void worker_state::refused(uint64_t id, const error& why, duration retry_in) {
  auto* a = find(id, attempt::stage::asking);
  if (!a)
    return;
  const auto gone = take(*a);
  walk_.refuse(gone.candidate, why, retry_in);
  if (!attempts_[0].is_live())
    ask();
}

void worker_state::reply(const exchange_reply& answer) {
  auto* found = find(answer.id, attempt::stage::sending);
  if (!found)
    return;
  auto& response = *answer.response;
  if (stream_.begun)
    return end_stream(*found, response);
  if (task.stream && response.body.empty())
    response.body = std::move(stream_.kept);
  // Before anything reads the answer: outcomes, logs, lists and stores get their texts from it.
  setup->keys.mask(response);
  if (response.failure == core::transport_error::cancelled) {
    // We were told to stop; the request may have been charged.
    settle(take(*found), response.sent, {}, true);
    outcome_.attempts += response.sent;
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "stopped while in flight"});
    return;
  }
  auto v =
    upstream_of(*found).protocol->decode(*found->what, response, std::chrono::system_clock::now());
  const auto a = take(*found);
  settle(a, response.sent || response.failure == core::transport_error::none, v, false);
  judged(a, std::move(v), std::move(response.body), response);
}

/// Writes an answer into the outcome, which has the last answer.
void worker_state::judged(const attempt& a, core::verdict v, std::string body,
                          const core::http_response& reply) {
  const auto status = reply.status;
  // If there are two attempts: since the first one began, because the request waited so long.
  const auto& other = attempts_[0];
  const auto ahead = a.beside && other.is_live() ? a.sent - other.sent : duration{};
  last_attempt_ = std::max(reply.elapsed + std::max(ahead, duration{}), duration{1});
  ++outcome_.attempts;
  outcome_.upstream += reply.elapsed;
  outcome_.status_code = status;
  outcome_.request_id = v.request_id;
  outcome_.used = v.used;
  outcome_.notes = v.notes;
  outcome_.rate_limited += status == 429;
  outcome_.lane = walk_.lane_name(a.candidate);
  lanes_ = {walk_.at(a.candidate).lane};
  outcome_.lane_reason = walk_.reason(a.candidate);
  add_cost(a, v.used);
  outcome_.body =
    status > 0 ? core::make_payload(upstream_of(a).protocol->present(*a.what, std::move(body), v))
               : core::payload{};
  if (v.kind != core::reply_kind::success)
    last_failure_ = v.message;
  if (a.permit.probe && is_outage(v.kind) && v.code != errc::cancelled) {
    // A request that only tested the provider keeps its attempts. The job decides when to test
    // again, unless another lane of the route is open.
    ++excused_;
    core::next_step closed;
    closed.what = core::next_step::action::park_job;
    closed.failure = error{errc::unavailable, "the breaker is open, and a probe failed"};
    return go_on(a, closed);
  }
  go_on(a, plan_.judge(v, self->clock().now(), random()));
}

void worker_state::go_on(const attempt& a, const core::next_step& next) {
  using action = core::next_step::action;
  switch (next.what) {
  case action::finish_completed:
    other_model_ = a.what != task.request.what;
    hedge_won_ = a.beside.has_value();
    if (hedge_won_ && outcome_.lane_reason.empty())
      outcome_.lane_reason = "lane " + walk_.lane_name(*a.beside) +
                             (attempts_[0].is_live() ? ": takes longer" : ": failed first");
    end(report_kind::finished, core::outcome_state::completed, std::nullopt);
    return;
  case action::finish_failed: end(report_kind::finished, next.state, next.failure); return;
  case action::abort_job: // The job goes on if another lane has another key.
    if (walk_.lose_lane(walk_.at(a.candidate).lane, *next.failure))
      self->send(node, atom::dead_v, task.request.key.job, walk_.at(a.candidate).lane,
                 *next.failure);
    break;
  case action::park_job: walk_.refuse(a.candidate, *next.failure, next.wait); break;
  case action::hold_request:
    told_to_wait_ = true;
    walk_.refuse(a.candidate, {errc::quota_exhausted, next.failure->context}, next.wait);
    break;
  case action::retry_after:
  case action::stay_open:
  case action::carry_over: break;
  }
  if (attempts_[0].is_live()) // The other attempt may still succeed.
    return;
  if (next.what == action::stay_open) // The job decides when to try its lane again.
    return end(report_kind::held, next.state, next.failure);
  if (aborted_ && next.what != action::carry_over && walk_.next()) {
    end(report_kind::given_back, core::outcome_state::failed,
        error{errc::cancelled, "stopped before another attempt"});
    return;
  }
  if (next.what == action::carry_over)
    end(report_kind::degraded, next.state, next.failure);
  else if (next.what == action::retry_after)
    back_off(next.wait);
  else
    ask();
}

void worker_state::end(report_kind kind, core::outcome_state state, std::optional<error> failure,
                       duration resume_in) {
  for (auto& a : attempts_)
    cancel(a);
  phase_ = phase::ended;
  outcome_.state = state;
  outcome_.failure = std::move(failure);
  tell_cache(kind);
  work_report report{task.request.key, kind,          make_shared_value(std::move(outcome_)),
                     resume_in,        last_attempt_, joined_};
  report.hedged = hedged_;
  report.hedge_won = hedge_won_;
  report.lanes = std::move(lanes_);
  report.excused = excused_;
  self->send(node, atom::done_v, std::move(report));
  task.request.what = nullptr; // It may be large, and the next request may come much later.
}

pooled_worker_actor::behavior_type worker(pooled_worker_actor::stateful_pointer<worker_state> self,
                                          std::shared_ptr<const worker_setup> setup,
                                          worker_task task, wiring neighbours, node_actor node) {
  auto& st = self->state;
  st.self = self;
  st.setup = std::move(setup);
  st.neighbours = std::move(neighbours);
  st.node = std::move(node);
  st.start(std::move(task));
  return {
    [self](atom::granted, const core::permit& permit) { self->state.granted(permit); },
    [self](atom::refused, uint64_t id, const error& why, caf::timespan retry_in) {
      self->state.refused(id, why, retry_in);
    },
    [self](atom::found, const cache_hit& hit) { self->state.found(hit); },
    [self](atom::lead, uint64_t id) { self->state.lead(id); },
    [self](atom::reply, const exchange_reply& answer) { self->state.reply(answer); },
    [self](atom::head, uint64_t id, int32_t status, std::string& type) {
      self->state.head(id, status, std::move(type));
    },
    [self](atom::part, uint64_t id, const std::string& bytes) { self->state.part(id, bytes); },
    [self](atom::credit, uint64_t bytes) { self->state.credit(bytes); },
    [self](atom::abort) { self->state.abort(); },
    [self](atom::drain) { self->state.drain(); },
    [self](atom::rewire, const wiring& now) { self->state.rewire(now); },
    [self](atom::dead, uint32_t lane, const error& why) { self->state.lose_lane(lane, why); },
    [self](atom::hedge) { self->state.hedge(); },
    [self](atom::hedge, uint64_t id) { self->state.take_long(id); },
    [self](atom::wake) { self->state.wake(); },
    [self](atom::assign, worker_task& next) { self->state.start(std::move(next)); },
  };
}

} // namespace penstock::actors
