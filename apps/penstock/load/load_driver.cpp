#include "apps/penstock/load/load_driver.hpp"

#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace penstock::cli {

namespace {

using core::load_message;

constexpr auto sample_every = std::chrono::seconds{1};
/// How often to look whether all is done, once the last phase is over.
constexpr auto drain_step = std::chrono::milliseconds{20};
constexpr auto lanes_timeout = std::chrono::seconds{2};
/// Bytes of one message of a submission; small, so that it is sent quickly.
constexpr uint64_t part_requests = 1000;
constexpr uint64_t part_bytes = 4u << 20;
constexpr uint32_t page_outcomes = 256;

/// The used share of the tightest limit, in the last minute.
double share_of(const std::vector<lane_info>& lanes, duration elapsed) {
  double share = -1;
  const double minutes = std::clamp(to_seconds(elapsed) / 60, 1.0 / 60, 1.0);
  for (auto& lane : lanes)
    for (size_t i = 0; i < core::dimension_count; ++i)
      if (lane.now.limit[i] > 0 && static_cast<core::dimension>(i) != core::dimension::requests_day)
        share = std::max(share, lane.now.used_last_minute[i] / (lane.now.limit[i] * minutes));
  return share;
}

} // namespace

duration load_driver_state::now() const { return self->clock().now() - started_; }

void load_driver_state::start(load_driver_setup setup) {
  setup_ = std::move(setup);
  script_ = setup_.script.get();
  schedule_.emplace(*script_);
  phases_end_ = script_->length();
  drain_end_ = phases_end_ + script_->drain;
  record_.emplace(script_->tenants.size(), phases_end_);
  cancelling_ = script_->at_end == core::load_end::cancel;
  duration at{};
  for (auto& phase : script_->phases) {
    record_->mark({at, phase.name, true});
    at += phase.length;
  }
}

void load_driver_state::engine_found(const engine_actor& found) {
  if (!record_ || engine_ == found)
    return;
  engine_ = found;
  ++life_;
  self->monitor(engine_);
  if (!running_) {
    running_ = true;
    started_ = self->clock().now();
    std::lock_guard lock{setup_.board->mutex};
    setup_.board->started = started_;
  }
  std::deque<uint64_t> waiting;
  waiting.swap(waiting_);
  for (auto id : waiting)
    send(id);
  for (auto& [id, subscriber] : subscribers_)
    if (subscriber.message == 0) // Others wait for their first outcomes and were sent just now.
      self->send(engine_, atom::subscribe_v, subscription{id, subscriber.next, page_outcomes});
  for (auto number : active_)
    poll(number);
  show();
  wake();
}

void load_driver_state::engine_down(const caf::down_msg& msg) {
  if (!engine_ || msg.source != engine_.address())
    return;
  engine_ = nullptr;
  ++life_;
  waiting_.clear();
  for (auto& [id, m] : pending_)
    waiting_.push_back(id);
  std::ranges::sort(waiting_); // Sorted by arrival.
  again_.clear();
  {
    std::lock_guard lock{setup_.board->mutex};
    ++setup_.board->engines_lost;
  }
  show();
}

void load_driver_state::wake() {
  setup_.board->woken = false;
  if (!running_ || !record_)
    return set_due();
  const auto at = now();
  for (auto& next = schedule_->peek(); next && next->at <= at;)
    arrive(schedule_->take());
  while (engine_ && !again_.empty() && again_.front().first <= at) {
    const auto number = again_.front().second;
    again_.pop_front();
    poll(number);
  }
  if (at >= next_sample_)
    sample();
  if (at >= phases_end_)
    try_end();
  set_due();
}

void load_driver_state::set_due() {
  auto at = duration::max();
  if (running_ && record_) {
    const auto moment = now();
    at = std::min(next_sample_,
                  moment < phases_end_ ? phases_end_ : std::min(moment + drain_step, drain_end_));
    if (auto& next = schedule_->peek())
      at = std::min(at, next->at);
    if (engine_ && !again_.empty())
      at = std::min(at, again_.front().first);
  }
  setup_.board->due = at == duration::max() ? time_point::max().time_since_epoch().count()
                                            : (started_ + at).time_since_epoch().count();
}

void load_driver_state::arrive(const core::load_arrival_event& event) {
  record_->arrived(event.kind);
  if (pending_.size() >= script_->outstanding_max)
    return record_->overrun(event.kind);
  message m{.kind = event.kind, .due = event.at};
  if (event.kind == load_message::submit) {
    m.job = next_job_++;
    jobs_[m.job] = {.tenant = event.tenant, .total = event.requests, .due = event.at};
  } else if (!choose_job(m, event.pick)) {
    return record_->skipped(event.kind);
  }
  begin(m);
}

void load_driver_state::submit(uint32_t tenant, uint64_t requests) {
  if (!record_ || !running_ || tenant >= script_->tenants.size())
    return;
  record_->arrived(load_message::submit);
  const auto number = next_job_++;
  jobs_[number] = {.tenant = tenant, .total = requests, .due = now()};
  begin({.kind = load_message::submit, .due = now(), .job = number});
}

bool load_driver_state::choose_job(message& m, uint64_t pick) const {
  // Jobs that have ended can be asked for, too; only running jobs can be cancelled or followed.
  const bool any = m.kind == load_message::status || m.kind == load_message::results;
  const auto candidates = active_.size() + (any ? ended_.size() : 0);
  constexpr size_t tries = 8;
  for (size_t i = 0; i < std::min(tries, candidates); ++i) {
    const auto at = (pick + i) % candidates;
    if (at >= active_.size()) {
      m.id = ended_[at - active_.size()];
      return true;
    }
    auto& j = jobs_.at(active_[at]);
    const bool taken = m.kind == load_message::cancel
                         ? j.cancelled
                         : m.kind == load_message::subscribe && j.subscribed;
    if (taken)
      continue;
    m.job = active_[at];
    m.id = j.id;
    m.from = j.next;
    return true;
  }
  return false;
}

void load_driver_state::begin(message m) {
  if (m.kind == load_message::cancel)
    jobs_.at(m.job).cancelled = true;
  if (m.kind == load_message::subscribe)
    jobs_.at(m.job).subscribed = true;
  const auto id = next_message_++;
  pending_[id] = m;
  if (engine_)
    send(id);
  else
    waiting_.push_back(id);
}

template <class Answer, class Then, class... Words>
void load_driver_state::ask(uint64_t id, Then then, Words... words) {
  self->request(engine_, script_->timeout, std::move(words)...)
    .then(
      [this, id, then, life = life_](Answer& answer) {
        if (life == life_ && pending_.contains(id))
          then(answer);
      },
      [this, id, life = life_](const caf::error& e) {
        if (life == life_ && pending_.contains(id))
          refused(id, e);
      });
}

void load_driver_state::send(uint64_t id) {
  const auto& m = pending_.at(id);
  switch (m.kind) {
  case load_message::submit: return send_part(id, 0);
  case load_message::status:
    return ask<job_progress>(
      id, [=, this](job_progress&) { answered(id); }, atom::status_v, m.id);
  case load_message::cancel:
    return ask<bool>(
      id, [=, this](bool) { answered(id); }, atom::cancel_v, m.id);
  case load_message::results:
    return ask<results_page>(
      id, [=, this](results_page&) { answered(id); }, atom::results_v,
      results_query{.job = m.id, .from = m.from, .count_max = page_outcomes});
  case load_message::subscribe: return subscribe(id);
  }
}

void load_driver_state::send_part(uint64_t id, uint64_t first) {
  const auto& m = pending_.at(id);
  const auto& j = jobs_.at(m.job);
  const auto& tenant = script_->tenants[j.tenant];
  std::vector<shared_request> requests;
  uint64_t bytes = 0;
  auto next = first;
  for (; next < j.total && next < first + part_requests && bytes < part_bytes; ++next) {
    auto r = core::load_request(*script_, tenant, m.job, next);
    bytes += r.body->size();
    requests.push_back(make_shared_value(std::move(r)));
  }
  const bool complete = next == j.total;
  const auto then = [=, this](const job_ticket& t) { ticket(id, t); };
  if (first > 0)
    return ask<job_ticket>(id, then, atom::add_v,
                           submission_part{j.id, first, std::move(requests), complete});
  submission s;
  s.options.tenant = tenant.name;
  s.options.priority = tenant.priority;
  s.options.mode = tenant.mode;
  s.options.in_flight_max = tenant.in_flight_max;
  s.options.window_requests = std::max(s.options.window_requests, 2 * tenant.in_flight_max);
  s.options.seed = script_->seed + m.job;
  s.options.client_id = setup_.run + "-" + std::to_string(m.job);
  s.name = "load " + std::to_string(m.job);
  s.idempotency_key = s.options.client_id;
  s.requests = std::move(requests);
  s.complete = complete;
  ask<job_ticket>(id, then, atom::submit_v, std::move(s));
}

void load_driver_state::ticket(uint64_t id, const job_ticket& t) {
  const auto number = pending_.at(id).job;
  auto& j = jobs_.at(number);
  j.id = t.job;
  if (!t.complete && t.accepted < j.total)
    return send_part(id, t.accepted);
  record_->submitted(j.tenant, j.total, now());
  answered(id);
  follow(number);
}

void load_driver_state::subscribe(uint64_t id) {
  const auto& m = pending_.at(id);
  auto& subscriber = subscribers_[m.id];
  subscriber = {m.job, m.from, id};
  self->send(engine_, atom::subscribe_v, subscription{m.id, m.from, page_outcomes});
}

void load_driver_state::answered(uint64_t id) {
  const auto& m = pending_.at(id);
  record_->answered(m.kind, m.due, now());
  pending_.erase(id);
}

void load_driver_state::refused(uint64_t id, const caf::error& e) {
  const auto m = pending_.at(id);
  const bool ours = e.category() == error_category;
  // A submission without an answer is sent again: it is unknown whether it was accepted, and its
  // key makes sure that it runs only once.
  if (!ours && m.kind == load_message::submit && engine_)
    return send(id);
  const auto why = ours                             ? std::string{to_string(from_caf(e).code)}
                   : e == caf::sec::request_timeout ? std::string{"no answer in time"}
                                                    : caf::to_string(e);
  record_->failed(m.kind, m.due, now(), why);
  pending_.erase(id);
  if (m.kind == load_message::submit)
    jobs_.erase(m.job);
  if (auto found = jobs_.find(m.job); m.kind == load_message::cancel && found != jobs_.end())
    found->second.cancelled = false;
}

void load_driver_state::sample() {
  next_sample_ = now() + sample_every;
  record_->sample(now(), in_flight_, limit_share_);
  show();
  if (!engine_)
    return;
  self->request(engine_, lanes_timeout, atom::lanes_v)
    .then(
      [this](const std::vector<lane_info>& lanes) {
        in_flight_ = 0;
        for (auto& lane : lanes)
          in_flight_ += lane.now.in_flight;
        limit_share_ = share_of(lanes, now());
      },
      [](const caf::error&) {}); // The charts show a gap.
}

void load_driver_state::show() {
  if (!record_)
    return;
  auto& board = *setup_.board;
  std::lock_guard lock{board.mutex};
  board.now = {.started = running_,
               .connected = static_cast<bool>(engine_),
               .draining = running_ && now() >= phases_end_,
               .at = running_ ? now() : duration{},
               .open = record_->open(),
               .done = record_->all().outcomes(),
               .outstanding = pending_.size(),
               .errors = record_->errors(),
               .overruns = record_->overruns()};
  board.changed.notify_all();
}

load_driver_actor::behavior_type
load_driver(load_driver_actor::stateful_pointer<load_driver_state> self, load_driver_setup setup) {
  self->state.self = self;
  self->set_down_handler([self](const caf::down_msg& msg) { self->state.engine_down(msg); });
  self->state.start(std::move(setup));
  return {
    [self](atom::outcomes, const results_page& page) { self->state.outcomes(page); },
    [self](atom::engine, const engine_actor& engine) { self->state.engine_found(engine); },
    [self](atom::wake) { self->state.wake(); },
    [self](atom::submit, uint32_t tenant, uint64_t requests) {
      self->state.submit(tenant, requests);
    },
    [self](atom::drain) { self->state.drain(false); },
    [self](atom::stop) { self->state.drain(true); },
  };
}

load_pacer::load_pacer(load_driver_actor driver, std::shared_ptr<load_board> board)
    : thread_{[this, driver = std::move(driver), board = std::move(board)] {
        constexpr auto step = std::chrono::milliseconds{1};
        constexpr auto busy = std::chrono::microseconds{100};
        while (!stop_) {
          const auto at = std::chrono::steady_clock::now();
          const auto due = time_point{time_point::duration{board->due}};
          if (due > at)
            std::this_thread::sleep_until(std::min(due, at + step));
          else if (!board->woken.exchange(true))
            caf::anon_send(driver, atom::wake_v);
          else
            std::this_thread::sleep_for(busy);
        }
      }} {}

load_pacer::~load_pacer() {
  stop_ = true;
  thread_.join();
}

} // namespace penstock::cli
