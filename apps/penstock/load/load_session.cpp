#include "apps/penstock/load/load_session.hpp"

#include "apps/penstock/view/summary.hpp"

#include <caf/all.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

namespace penstock::cli {

namespace {

using core::load_deed;

constexpr auto find_timeout = std::chrono::seconds{2};
constexpr auto find_again = std::chrono::milliseconds{50};
constexpr auto session_look_every = std::chrono::milliseconds{50};
constexpr auto line_every = std::chrono::seconds{10};
constexpr auto redraw_every = std::chrono::milliseconds{250};

/// The step that ends an action with a duration.
core::load_action undone(core::load_action a) {
  a.at += a.length;
  a.deed = a.deed == load_deed::suspend  ? load_deed::resume
           : a.deed == load_deed::faults ? load_deed::faults
                                         : load_deed::start;
  a.faults.clear();
  a.length = {};
  return a;
}

std::string text_of(const core::load_action& a) {
  auto text = std::string{to_string(a.deed)};
  if (!a.process.empty())
    text += " " + a.process;
  if (a.deed == load_deed::faults && a.faults.empty())
    text += ": none";
  for (auto& fault : a.faults)
    text += " " + fault;
  for (auto& [name, value] : a.limits)
    text += fmt::format(" {} {:g}", name, value);
  if (a.deed == load_deed::submit)
    text += " " + count_text(a.requests) + " requests of " + a.tenant;
  return text;
}

/// A random part of the idempotency keys of this run.
std::string run_name() {
  std::random_device device;
  return fmt::format("load-{:08x}{:08x}", device(), device());
}

} // namespace

load_session::load_session(const core::load_script& script, load_world& world, load_talk talk)
    : script_{script}, world_{world}, talk_{talk}, terminal_{isatty(STDERR_FILENO) == 1} {
  for (auto& action : script.actions) {
    steps_.push_back({action});
    if (action.length > duration{})
      steps_.push_back({undone(action), true});
  }
  std::ranges::stable_sort(steps_, {}, [](auto& s) { return s.action.at; });
}

load_session::~load_session() {
  {
    std::lock_guard lock{board_->mutex};
    stop_ = true;
  }
  board_->changed.notify_all();
  if (finder_.joinable())
    finder_.join();
  if (driver_)
    caf::anon_send_exit(driver_, caf::exit_reason::kill);
}

void load_session::interrupt() {
  ++interrupts_;
  board_->changed.notify_all();
}

void load_session::find_engines() {
  uint64_t found = 0; // How many engines were; the first one is missing from the start.
  std::unique_lock lock{board_->mutex};
  while (!stop_) {
    board_->changed.wait(lock, [&] { return stop_ || board_->engines_lost + 1 > found; });
    if (stop_)
      return;
    const auto wanted = board_->engines_lost + 1;
    lock.unlock();
    auto engine = world_.find_engine(find_timeout);
    if (engine) {
      found = wanted;
      caf::anon_send(driver_, atom::engine_v, *engine);
    }
    lock.lock();
    if (!engine && engine.error().code == errc::internal) {
      broken_ = engine.error();
      is_broken_ = true;
      board_->changed.notify_all();
      return;
    }
    if (!engine)
      board_->changed.wait_for(lock, find_again, [&] { return stop_.load(); });
  }
}

result<core::load_result> load_session::run() {
  load_driver_setup setup;
  setup.script = {std::shared_ptr<void>{}, &script_}; // Outlives the driver.
  setup.board = board_;
  setup.run = run_name();
  driver_ = world_.system().spawn<caf::detached>(load_driver, std::move(setup));
  load_pacer pacer{driver_, board_};
  finder_ = std::thread{[this] { find_engines(); }};
  auto next = steps_.begin();
  int heard = 0;
  for (;;) {
    std::unique_lock lock{board_->mutex};
    auto until = std::chrono::steady_clock::now() + session_look_every;
    const bool started = board_->now.started;
    if (started && next != steps_.end())
      until = std::min(until, board_->started + next->action.at);
    board_->changed.wait_until(lock, until);
    if (board_->record)
      break;
    if (is_broken_)
      return broken_;
    const auto now = board_->now;
    const auto begun = board_->started;
    lock.unlock();
    if (const int interrupts = interrupts_; interrupts > heard) {
      heard = interrupts;
      if (heard == 1)
        say("ending the load and cancelling what runs; interrupt again to stop at once");
      if (heard == 1)
        caf::anon_send(driver_, atom::drain_v);
      else
        caf::anon_send(driver_, atom::stop_v);
    }
    const auto at = std::chrono::steady_clock::now() - begun;
    while (now.started && heard == 0 && next != steps_.end() && next->action.at <= at)
      act(*next++, std::chrono::steady_clock::now() - begun);
    watch_processes(now.started ? at : duration{});
    progress(now);
  }
  core::load_result result;
  {
    std::lock_guard lock{board_->mutex};
    result.record = std::move(*board_->record);
  }
  watch_processes(result.record.elapsed());
  if (line_open_)
    std::fputs("\r\033[K", stderr);
  for (auto& mark : marks_)
    result.record.mark(std::move(mark));
  result.script = script_.name;
  result.seed = script_.seed;
  result.engine = world_.engine_text();
  for (auto& tenant : script_.tenants) {
    result.tenant_names.push_back(tenant.name);
    result.priorities.push_back(tenant.priority);
  }
  result.upstream = world_.look_upstream();
  result.processes_died = died_;
  result.interrupted = heard > 0;
  return result;
}

void load_session::act(const step& s, duration at) {
  const auto& a = s.action;
  auto text = text_of(a);
  if (a.deed == load_deed::submit) {
    const auto tenant = std::ranges::find(script_.tenants, a.tenant, &core::load_tenant::name) -
                        script_.tenants.begin();
    caf::anon_send(driver_, atom::submit_v, static_cast<uint32_t>(tenant), a.requests);
  } else if (auto done = world_.act(a); !done) {
    text += " failed: " + done.error().context;
  }
  say(fmt::format("{:.1f} s: {}", to_seconds(at), text));
  marks_.push_back({at, std::move(text)});
}

void load_session::watch_processes(duration at) {
  for (auto& line : world_.look_processes()) {
    ++died_;
    say(line);
    marks_.push_back({at, line});
  }
}

void load_session::say(const std::string& line) {
  if (talk_ == load_talk::quiet)
    return;
  std::fprintf(stderr, "%spenstock load: %s\n", line_open_ ? "\r\033[K" : "", line.c_str());
  line_open_ = false;
}

void load_session::progress(const load_now& now) {
  const auto moment = std::chrono::steady_clock::now();
  const duration every = terminal_ ? duration{redraw_every} : duration{line_every};
  if (talk_ == load_talk::quiet || now.at < every || moment - shown_ < every)
    return;
  shown_ = moment;
  auto line = fmt::format(
    "{} of {}{}: {} requests done, {} open; {} messages open, {} errors, {} overruns{}",
    span_text(now.at), span_text(script_.length()), now.draining ? ", draining" : "",
    count_text(now.done), count_text(now.open), count_text(now.outstanding), count_text(now.errors),
    count_text(now.overruns), now.connected ? "" : "; no engine");
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "penstock load: %s\n", line.c_str());
  std::fflush(stderr);
  line_open_ = terminal_;
}

} // namespace penstock::cli
