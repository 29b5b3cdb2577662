#include "apps/penstock/run/run_command.hpp"

#include "apps/mock/mock_server.hpp"
#include "apps/penstock/run/dry_run.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/run/file_job.hpp"
#include "apps/penstock/run/pack_forecast.hpp"
#include "apps/penstock/view/progress.hpp"
#include "apps/penstock/run/run_input.hpp"
#include "apps/penstock/run/run_words.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/process/start_line.hpp"
#include "apps/penstock/view/summary.hpp"
#include "config/prices.hpp"
#include "core/io/file/request_reader.hpp"
#include "core/pack/pack_counter.hpp"
#include "messages/errors.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <vector>

namespace penstock::cli {

namespace {

constexpr auto submit_timeout = std::chrono::seconds{10};

/// The loads of a job that packs. Reads the input once more.
result<std::vector<model_load>> packed_loads(const run_command& command) {
  const auto& s = command.settings.values;
  io::reader_options options;
  options.lines.model = s.run.model;
  options.line_max = s.run.line_max;
  auto reader = io::request_reader::open(command.input, std::move(options));
  if (!reader)
    return reader.error();
  core::pack_counter counter{{s.pack.entries_max, s.pack.tokens_max}, s.pack.canary};
  for (;;) {
    auto next = reader->next();
    if (!next)
      return next.error();
    if (!*next)
      break;
    if (!(*next)->rejection)
      counter.add(std::move(**next));
  }
  std::vector<model_load> loads;
  for (auto& [model, load] : counter.take())
    loads.push_back({model, load.requests, load.body_bytes, load.output_tokens_max,
                     load.without_maximum, load.prompts});
  return loads;
}

int show_plan(const run_command& command, const io::input_summary& scan) {
  dry_run_input input;
  input.name = command.input;
  input.rejected = scan.rejected;
  if (const auto* p = core::find_protocol(command.settings.values.upstream.protocol))
    input.charging = p->charging();
  const auto because = why_to_pack(command.settings.values, scan);
  input.packs = reason_of_packs(command.settings.values, scan.requests, because);
  input.proposal = pack_proposal(command.settings.values, scan.requests, because);
  if (!input.packs.empty()) {
    auto loads = packed_loads(command);
    if (!loads)
      return complain(loads.error());
    input.loads = std::move(*loads);
  } else {
    for (auto& [key, share] : scan.models)
      input.loads.push_back({key.first,
                             share.requests,
                             share.body_bytes,
                             share.output_tokens_max,
                             share.without_maximum,
                             {}});
  }
  const auto report = plan_dry_run(input, command.settings.values);
  std::cout << (command.settings.values.run.json ? to_json(report) : to_text(report)) << std::flush;
  return 0;
}

/// One run, from a checked command line to its exit code.
class run_session {
public:
  run_session(const run_command& command, const config::environment& env)
      : command_{command}, env_{env}, settings_{command.settings.values} {}

  int run() {
    if (settings_.run.json && command_.output == "-")
      return complain({errc::invalid_config, "--json and the results cannot both go to standard "
                                             "output; name a file with -o"});
    if (auto readable = check_input(command_.input); !readable)
      return complain(readable.error());
    if (auto free = check_output(command_.output, command_.settings, env_); !free)
      return complain(free.error());
    const auto regular = is_regular_file(command_.input);
    if (settings_.run.dry_run && !regular)
      return complain({errc::invalid_config, "--dry-run reads the input twice; give it a file"});
    std::optional<io::input_summary> summary;
    if (regular) {
      auto found = scan_run_input(command_.input, settings_, true);
      if (!found)
        return complain(found.error());
      summary = std::move(*found);
      if (settings_.run.dry_run)
        return show_plan(command_, *summary);
    }
    if (auto priced = check_prices(settings_, summary); !priced)
      return complain(priced.error());
    auto needs = find_needs(settings_, env_, settings_.cache.mode != core::cache_mode::off);
    if (!needs)
      return complain(needs.error());
    cache_ = std::move(needs->cache);
    job_ = make_job(summary);
    auto start = job_->prepare();
    if (!start)
      return complain(start.error());
    view_.total = summary ? std::optional{summary->requests} : std::nullopt;
    view_.output = command_.output;
    view_.resumable = job_->is_resumable();
    view_.priced = !config::price_table_of(settings_).empty();
    view_.done_before = job_->done_before();
    view_.job = job_->progress_before();
    view_.changes = job_->changes();
    view_.retried_by = "--retry-failed";
    if (const auto text = changes_text(view_); !text.empty() && !settings_.run.quiet)
      std::fprintf(stderr, "penstock: %s: %s\n", command_.output.c_str(), text.c_str());
    if (*start == io::run_start::complete)
      return already_complete();
    if (summary)
      view_.pack_proposal =
        pack_proposal(settings_, summary->requests, why_to_pack(settings_, *summary));
    announce(needs->keys, summary);
    block_signals(); // Threads start after this line.
    auto mocks = start_mocks(settings_, needs->keys);
    if (!mocks)
      return complain(mocks.error());
    mocks_ = std::move(*mocks);
    return drive(needs->keys);
  }

private:
  std::shared_ptr<file_job> make_job(const std::optional<io::input_summary>& summary) const {
    file_job_options options;
    options.input = command_.input;
    options.output = command_.output;
    options.lines.model = settings_.run.model;
    options.line_max = settings_.run.line_max;
    options.strict = settings_.run.strict;
    options.restart = settings_.run.restart;
    options.retry_failed = command_.retry_failed;
    options.identity = settings_.upstream.protocol + " model=" + settings_.run.model;
    options.scan = summary;
    if (summary)
      options.pack_because = why_to_pack(settings_, *summary);
    return std::make_shared<file_job>(std::move(options));
  }

  void announce(const upstream_keys& keys, const std::optional<io::input_summary>& summary) const {
    if (settings_.run.quiet)
      return;
    std::fprintf(stderr, "penstock: %s\n",
                 core::clean_text(start_line(command_.settings, keys, view_.total), 2000).c_str());
    if (!summary)
      return;
    const auto packs =
      pack_announcement(settings_, summary->requests, why_to_pack(settings_, *summary));
    if (!packs.empty())
      std::fprintf(stderr, "penstock: %s\n", packs.c_str());
  }

  void find_failures() {
    if (view_.job.failed + view_.job.expired > 0 && is_regular_file(command_.output))
      view_.failures = failures_in(command_.output);
  }

  int already_complete() {
    find_failures();
    view_.job.state = job_state::completed;
    view_.job.mode_asked = std::string{to_string(settings_.run.mode)};
    view_.job.mode_used = "none";
    if (settings_.run.json)
      std::cout << summary_json(view_) << std::endl;
    if (!settings_.run.quiet)
      std::fprintf(stderr, "penstock: %s is complete already (%s results); nothing was sent\n",
                   command_.output.c_str(), count_text(view_.job.resumed).c_str());
    if (const auto text = retry_hint(view_); !text.empty() && !settings_.run.quiet)
      std::fprintf(stderr, "penstock: %s\n", text.c_str());
    return static_cast<int>(exit_code_of(view_.job));
  }

  /// Runs the engine until the job has ended.
  int drive(const upstream_keys& keys) {
    std::atomic<int> signal{0};
    engine_actor engine;
    uint64_t job = 0;
    std::mutex engine_mutex; // The thread of the watcher may call before the job exists.
    signal_watcher watcher{[&](int number, int count) {
      signal = number;
      std::lock_guard lock{engine_mutex};
      if (!engine)
        std::_Exit(128 + (number == SIGINT ? SIGINT : SIGTERM));
      if (count == 1)
        caf::anon_send(engine, atom::drain_v, job);
      else
        caf::anon_send(engine, atom::abort_v, job);
      if (!settings_.run.quiet)
        std::fputs(count == 1
                     ? "\npenstock: finishing what is in flight; interrupt again to stop at once\n"
                     : "\npenstock: stopping at once\n",
                   stderr);
    }};
    system_config config;
    caf::actor_system sys{config};
    caf::scoped_actor self{sys, true};
    started_ = std::chrono::steady_clock::now();
    auto running = spawn_engine(sys, settings_, options_of_engine(settings_, keys, cache_));
    if (!running)
      return complain(running.error());
    const auto& supervisor = running->supervisor;
    self->monitor(supervisor);
    error broken;
    {
      std::lock_guard lock{engine_mutex};
      engine = running->engine;
    }
    {
      std::lock_guard lock{engine_mutex};
      self
        ->request(engine, submit_timeout, atom::submit_v,
                  local_submission{make_job_options(settings_, command_), job_})
        .receive([&](uint64_t id) { job = id; },
                 [&](const caf::error& e) {
                   broken = {errc::internal, caf::to_string(e)};
                 });
    }
    run_observer observer{sys, supervisor, engine, job, lane_names(*running)};
    {
      std::unique_ptr<progress_display> display;
      if (!settings_.run.quiet)
        display = std::make_unique<progress_display>([&](run_view& v) { observer.look(v); }, view_);
      await_end(self, supervisor, engine, job);
    }
    view_.elapsed = std::chrono::steady_clock::now() - started_;
    observer.look(view_, false);
    const auto code = finish(signal);
    self->demonitor(supervisor.address());
    const auto stopped = stop_engine(sys, *running);
    // A source that waits for a silent pipe cannot be told to stop; everything is on disk by now.
    if (!stopped || !is_regular_file(command_.input)) {
      std::cout.flush();
      std::fflush(nullptr);
      std::_Exit(code);
    }
    return code;
  }

  /// Waits until the job ends or the engine dies, and fills `view_.job`.
  void await_end(caf::scoped_actor& self, const supervisor_actor& supervisor,
                 const engine_actor& engine, uint64_t job) {
    bool ended = false;
    self->spawn([=, report_to = caf::actor_cast<caf::actor>(self)](caf::event_based_actor* waiter) {
      waiter->request(engine, caf::infinite, atom::wait_v, job)
        .then([=](const job_progress& p) { waiter->send(report_to, p); },
              [=](const caf::error& e) {
                job_progress p;
                p.state = job_state::aborted;
                p.cause = from_caf(e);
                waiter->send(report_to, p);
              });
    });
    self->receive_while([&] { return !ended; })(
      [&](const job_progress& p) {
        view_.job = p;
        ended = true;
      },
      [&](const caf::down_msg& down) {
        if (down.source != supervisor.address())
          return;
        observe_death(from_caf(down.reason));
        ended = true;
      });
  }

  void observe_death(error why) {
    view_.job.state = job_state::aborted;
    view_.job.cause = std::move(why);
  }

  int finish(int signal) {
    find_failures();
    if (settings_.run.json)
      std::cout << summary_json(view_) << std::endl;
    if (!settings_.run.quiet)
      std::fputs(summary_text(view_).c_str(), stderr);
    if (const auto text = advice(view_); !text.empty())
      std::fprintf(stderr, "penstock: %s\n", text.c_str());
    else if (const auto hint = retry_hint(view_); !hint.empty() && !settings_.run.quiet)
      std::fprintf(stderr, "penstock: %s\n", hint.c_str());
    if (view_.job.state == job_state::interrupted)
      return 128 + (signal == SIGINT ? SIGINT : SIGTERM);
    return static_cast<int>(exit_code_of(view_.job));
  }

  const run_command& command_;
  const config::environment& env_;
  config::settings settings_;
  std::shared_ptr<file_job> job_;
  std::optional<actors::response_cache_setup> cache_; ///< Unset: the job uses none.
  std::vector<std::unique_ptr<mock::mock_server>> mocks_;
  run_view view_;
  time_point started_;
};

} // namespace

int run_main(const run_command& command, const config::environment& env) {
  return run_session{command, env}.run();
}

} // namespace penstock::cli
