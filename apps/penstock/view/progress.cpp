#include "apps/penstock/view/progress.hpp"

#include <caf/all.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace penstock::cli {

namespace {

constexpr auto answer_within = std::chrono::seconds{1};
constexpr auto redraw_every = std::chrono::milliseconds{200};
constexpr auto line_every = std::chrono::seconds{10};

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

run_observer::run_observer(caf::actor_system& sys, supervisor_actor supervisor, engine_actor engine,
                           uint64_t job, std::vector<std::string> lane_names)
    : sys_{sys}, supervisor_{std::move(supervisor)}, engine_{std::move(engine)}, job_{job},
      lane_names_{std::move(lane_names)} {}

void run_observer::look(run_view& view, bool job_too) {
  caf::scoped_actor self{sys_, true};
  const auto ignore = [](const caf::error&) {};
  if (job_too)
    self->request(engine_, answer_within, atom::status_v, job_)
      .receive([&](job_progress& p) { view.job = std::move(p); }, ignore);
  wiring handles;
  self->request(supervisor_, answer_within, atom::rewire_v)
    .receive([&](wiring& w) { handles = std::move(w); }, ignore);
  view.lanes.resize(handles.limiters.size());
  for (size_t i = 0; i < handles.limiters.size(); ++i)
    self->request(handles.limiters[i], answer_within, atom::snapshot_v)
      .receive(
        [&](const core::lane_snapshot& s) {
          view.lanes[i] = {lane_names_[i], s};
        },
        ignore);
  if (handles.cache)
    self->request(handles.cache, answer_within, atom::snapshot_v)
      .receive([&](const cache_snapshot& s) { view.cache = s; }, ignore);
}

progress_display::progress_display(std::function<void(run_view&)> look, run_view start)
    : look_{std::move(look)}, view_{std::move(start)}, terminal_{isatty(STDERR_FILENO) == 1} {
  rates_.look(std::chrono::steady_clock::now(), view_.done_before,
              view_.job.input_tokens + view_.job.output_tokens);
  thread_ = std::thread{[this] { run(); }};
}

progress_display::~progress_display() {
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (terminal_)
    std::fputs("\r\033[K", stderr);
}

void progress_display::run() {
  const duration every = terminal_ ? duration{redraw_every} : duration{line_every};
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, every, [this] { return stop_; })) {
    lock.unlock();
    look_(view_);
    show(view_, std::chrono::steady_clock::now());
    lock.lock();
  }
}

void progress_display::show(const run_view& view, time_point now) {
  rates_.look(now, done(view.job), view.job.input_tokens + view.job.output_tokens);
  const auto line = progress_line(view, rates_.done_per_second(), rates_.tokens_per_minute(),
                                  terminal_ ? terminal_width() : 0,
                                  core::moment{now, std::chrono::system_clock::now()});
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
}

} // namespace penstock::cli
