#include "apps/penstock/map/map_session.hpp"

#include "actors/map/map_hub.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/map/map_job.hpp"
#include "apps/penstock/map/map_hints.hpp"
#include "apps/penstock/map/map_sample.hpp"
#include "apps/penstock/process/signals.hpp"
#include "core/base/checksum.hpp"
#include "messages/errors.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace penstock::cli {

namespace {

constexpr auto submit_timeout = std::chrono::seconds{10};
/// The hub may be busy with documents, and the disk may be slow.
constexpr auto close_timeout = std::chrono::minutes{10};

} // namespace

void map_session::handle_signal(int number, int count) {
  signal_ = number;
  {
    std::lock_guard lock{mutex_};
    if (!actors_.engine || actors_.jobs.empty())
      std::_Exit(128 + (number == SIGINT ? SIGINT : SIGTERM));
  }
  stop_all({}, count > 1);
  if (!settings_.run.quiet)
    std::fputs(count == 1
                 ? "\npenstock: finishing what is in flight; interrupt again to stop at once\n"
                 : "\npenstock: stopping at once\n",
               stderr);
}

/// Ends all jobs so that they can be resumed. The first reason counts; none: the user asked for it.
void map_session::stop_all(error why, bool at_once) {
  std::lock_guard lock{mutex_};
  if (view_.state == job_state::running && !settled_) {
    view_.state = why.context.empty() ? job_state::interrupted : job_state::aborted;
    view_.cause = std::move(why);
  }
  for (auto job : actors_.jobs)
    if (at_once)
      caf::anon_send(actors_.engine, atom::abort_v, job);
    else
      caf::anon_send(actors_.engine, atom::drain_v, job);
}

int map_session::drive(const upstream_keys& keys) {
  signal_watcher watcher{[this](int number, int count) { handle_signal(number, count); }};
  system_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys, true};
  started_ = std::chrono::steady_clock::now();
  auto running = spawn_engine(sys, settings_, options_of_engine(settings_, keys, cache_));
  if (!running)
    return complain(running.error());
  self->monitor(running->supervisor);
  actors_.lane_names = lane_names(*running);
  for (auto& lane : running->lanes)
    lanes_.push_back({lane.name, lane.limits});
  actors_.supervisor = running->supervisor;
  actors_.groups = scan_.groups.names;
  {
    std::lock_guard lock{mutex_};
    actors_.engine = running->engine;
  }
  formulas_ = script_->formulas();
  auto setup = std::make_shared<actors::map_setup>();
  setup->script = std::shared_ptr<core::map_script>{std::move(script_)};
  setup->files = std::move(files_);
  for (auto& stage : recipe_.stages)
    setup->corrections_max.push_back(stage.schema ? stage.corrections_max : 0);
  setup->groups = scan_.groups.names;
  setup->rows_of_group = scan_.groups.rows;
  setup->whole = scan_.rows_to_run == scan_.rows && command_.sample == 0;
  setup->window_rows =
    std::max<size_t>(settings_.run.window_requests, 2 * settings_.run.in_flight_max);
  setup->window_bytes = settings_.run.window_bytes;
  if (view_.resumable)
    for (auto& name : names_to_cancel(output_ + ".cancel"))
      setup->cancelled.insert(name);
  setup->client_id = fmt::format("pk-{:016x}", core::checksum(command_.input + '\n' + output_));
  setup->budget = settings_.run.budget;
  setup->watcher = caf::actor_cast<map_watcher_actor>(self);
  actors_.hub = sys.spawn<caf::detached>(actors::map_hub, std::move(setup));
  self->monitor(actors_.hub);
  submit(self);
  {
    const auto beside = output_ == "-" || !view_.resumable ? std::string{} : output_;
    map_control control{sys, actors_, view_, beside, !settings_.run.quiet};
    await_end(self, control);
  }
  settle(self);
  view_.elapsed = std::chrono::steady_clock::now() - started_;
  look(sys, actors_, view_, std::vector<bool>(view_.jobs.size(), true));
  if (view_.resumable && output_ != "-")
    replace_file(output_ + ".status.json", map_status_json(view_));
  const auto code = finish();
  self->demonitor(actors_.supervisor.address());
  const auto stopped = stop_engine(sys, *running);
  self->send_exit(actors_.hub, caf::exit_reason::user_shutdown);
  waiter_ = nullptr;
  {
    std::lock_guard lock{mutex_};
    actors_ = {};
  }
  if (!stopped) {
    std::cout.flush();
    std::fflush(nullptr);
    std::_Exit(code);
  }
  return code;
}

/// Later stages first: of the jobs of a tenant the oldest is served first, and a row that has begun
/// should finish before others begin.
void map_session::submit(caf::scoped_actor& self) {
  const auto groups = static_cast<uint32_t>(scan_.groups.names.size());
  const auto count = static_cast<uint32_t>(stages());
  const auto report_to = caf::actor_cast<caf::actor>(self);
  // Asks for the end of each job at once: engines forget jobs that ended long ago.
  const auto waiter =
    self->spawn([=, engine = actors_.engine](caf::event_based_actor* me) -> caf::behavior {
      return {[=](uint32_t number, uint64_t job) {
        me->request(engine, caf::infinite, atom::wait_v, job)
          .then([=](const job_progress& p) { me->send(report_to, number, p); },
                [=](const caf::error& e) {
                  job_progress p;
                  p.state = job_state::aborted;
                  p.cause = from_caf(e);
                  me->send(report_to, number, p);
                });
      }};
    });
  std::vector<uint64_t> jobs(groups * count);
  for (auto s = count; s-- > 0;)
    for (uint32_t g = 0; g < groups; ++g) {
      const auto number = g * count + s;
      auto launcher = std::make_shared<map_job>(actors_.hub, number, count, scan_.groups.rows[g]);
      self
        ->request(actors_.engine, submit_timeout, atom::submit_v,
                  local_submission{options_of(g, s), std::move(launcher)})
        .receive([&](uint64_t id) { jobs[number] = id; }, [](const caf::error&) {});
      caf::anon_send(waiter, number, jobs[number]);
    }
  waiter_ = waiter;
  view_.jobs.resize(jobs.size());
  std::lock_guard lock{mutex_};
  actors_.jobs = std::move(jobs);
}

/// Returns when every job has ended, or the engine has died.
void map_session::await_end(caf::scoped_actor& self, map_control& control) {
  size_t open = actors_.jobs.size();
  self->receive_while([&] { return open > 0; })(
    [&](uint32_t number, const job_progress& p) {
      --open;
      view_.jobs[number] = p;
      control.ended(number, p);
      if (p.state == job_state::aborted)
        stop_all(p.cause, false);
    },
    [&](atom::failed, const error& why) { stop_all(why, false); },
    [&](const caf::down_msg& down) {
      const auto why = from_caf(down.reason);
      if (down.source == actors_.hub.address()) {
        hub_gone_ = true;
        stop_all(why, true);
      } else if (down.source == actors_.supervisor.address()) {
        stop_all(why, true);
        open = 0;
      }
    });
  self->send_exit(waiter_, caf::exit_reason::user_shutdown);
}

/// After this, all data of the hub is on disk.
void map_session::settle(caf::scoped_actor& self) {
  if (!hub_gone_)
    self->request(actors_.hub, close_timeout, atom::close_v)
      .receive([&](map_status& s) { view_.status = std::move(s); },
               [&](const caf::error& why) {
                 hub_gone_ = true;
                 stop_all(from_caf(why), true);
               });
  std::lock_guard lock{mutex_};
  settled_ = true;
  if (hub_gone_ && view_.state == job_state::running)
    view_.state = job_state::aborted;
  if (view_.state != job_state::running)
    return;
  view_.state = view_.status.complete ? job_state::completed : job_state::aborted;
  if (!view_.status.complete)
    view_.cause = {errc::internal, "the jobs ended before all rows had a result"};
}

int map_session::finish() {
  view_.formula_cells = recipe_.formulas == core::formula_mode::keep ? formulas_->load() : 0;
  const auto sampled = command_.sample > 0 && view_.state == job_state::completed;
  const auto rest =
    sampled ? project_rest(view_, lanes_, settings_.run.in_flight_max) : core::map_projection{};
  if (settings_.run.json) {
    auto summary = map_summary_json(view_);
    std::cout << (sampled ? with_projection(std::move(summary), rest) : summary) << std::endl;
  }
  if (!settings_.run.quiet) {
    std::fputs(map_summary_text(view_).c_str(), stderr);
    if (sampled)
      std::fputs(projection_text(rest, rows_done(view_)).c_str(), stderr);
  }
  if (const auto text = map_advice(view_); !text.empty())
    std::fprintf(stderr, "penstock: %s\n", text.c_str());
  if (const auto hint = retry_hint(view_); !settings_.run.quiet && !hint.empty())
    std::fprintf(stderr, "penstock: %s\n", hint.c_str());
  if (view_.state == job_state::interrupted)
    return 128 + (signal_ == SIGINT ? SIGINT : SIGTERM);
  return static_cast<int>(exit_code_of(view_));
}

} // namespace penstock::cli
