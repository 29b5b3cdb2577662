#include "apps/penstock/map/map_control.hpp"

#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <caf/all.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace penstock::cli {

namespace {

constexpr auto answer_within = std::chrono::seconds{1};
constexpr auto attend_every = std::chrono::seconds{1};
constexpr auto redraw_every = std::chrono::milliseconds{200};
constexpr auto line_every = std::chrono::seconds{10};
constexpr size_t lines_max = 9;

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

void look(caf::actor_system& sys, const map_actors& actors, map_view& view,
          const std::vector<bool>& ended) {
  caf::scoped_actor self{sys, true};
  const auto ignore = [](const caf::error&) {};
  self->request(actors.hub, answer_within, atom::status_v)
    .receive([&](map_status& s) { view.status = std::move(s); }, ignore);
  for (size_t i = 0; i < actors.jobs.size(); ++i)
    if (!ended[i])
      self->request(actors.engine, answer_within, atom::status_v, actors.jobs[i])
        .receive([&](job_progress& p) { view.jobs[i] = std::move(p); }, ignore);
  wiring handles;
  self->request(actors.supervisor, answer_within, atom::rewire_v)
    .receive([&](wiring& w) { handles = std::move(w); }, ignore);
  view.lanes.resize(handles.limiters.size());
  for (size_t i = 0; i < handles.limiters.size(); ++i)
    self->request(handles.limiters[i], answer_within, atom::snapshot_v)
      .receive(
        [&](const core::lane_snapshot& s) {
          view.lanes[i] = {actors.lane_names[i], s};
        },
        ignore);
}

std::vector<std::string> names_to_cancel(const std::string& path) {
  std::vector<std::string> names;
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' '))
      line.pop_back();
    if (!line.empty())
      names.push_back(line);
  }
  return names;
}

std::string unknown_group(const std::string& path, const std::string& name,
                          const std::vector<std::string>& groups) {
  if (std::ranges::find(groups, name) != groups.end())
    return {};
  return core::clean_text(path + ": no group is called '" + name + "'" +
                            core::did_you_mean(core::nearest(name, groups)),
                          1000);
}

void replace_file(const std::string& path, std::string_view text) {
  const auto next = path + ".new";
  {
    std::ofstream out{next, std::ios::binary};
    out << text;
    if (!out.flush())
      return;
  }
  std::rename(next.c_str(), path.c_str());
}

map_control::map_control(caf::actor_system& sys, map_actors actors, map_view start,
                         std::string files, bool shown)
    : sys_{sys}, actors_{std::move(actors)}, view_{std::move(start)}, files_{std::move(files)},
      shown_{shown}, terminal_{isatty(STDERR_FILENO) == 1},
      ended_(actors_.jobs.size()), started_{std::chrono::steady_clock::now()}, shown_at_{started_} {
  rates_.look(started_, view_.done_before, 0);
  thread_ = std::thread{[this] { run(); }};
}

map_control::~map_control() {
  {
    std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (terminal_ && drawn_ > 0)
    std::fprintf(stderr, "\r\033[%zuA\033[J", drawn_);
}

void map_control::ended(size_t number, const job_progress& progress) {
  std::lock_guard lock{mutex_};
  news_.emplace_back(number, progress);
}

void map_control::run() {
  const bool draws = shown_ && terminal_;
  std::unique_lock lock{mutex_};
  do {
    for (auto& [number, progress] : news_) {
      ended_[number] = true;
      view_.jobs[number] = std::move(progress);
    }
    news_.clear();
    lock.unlock();
    attend(std::chrono::steady_clock::now());
    lock.lock();
  } while (!wake_.wait_for(lock, draws ? duration{redraw_every} : duration{attend_every},
                           [this] { return stop_; }));
}

void map_control::attend(time_point now) {
  look(sys_, actors_, view_, ended_);
  view_.elapsed = now - started_;
  rates_.look(now, rows_done(view_), 0);
  view_.recent_rate = rates_.done_per_second();
  if (!files_.empty() && (attended_ == time_point{} || now - attended_ >= attend_every)) {
    attended_ = now;
    cancel_groups();
    replace_file(files_ + ".status.json", map_status_json(view_));
  }
  if (shown_ && (terminal_ || now - shown_at_ >= line_every)) {
    shown_at_ = now;
    show(now);
  }
}

void map_control::cancel_groups() {
  const auto stages = view_.stages.size();
  const auto file = files_ + ".cancel";
  for (auto& name : names_to_cancel(file)) {
    if (!cancelled_.insert(name).second)
      continue;
    // A misspelt name cancels nothing: say so, once.
    if (const auto text = unknown_group(file, name, actors_.groups); !text.empty()) {
      std::fprintf(stderr, "%spenstock: %s\n", terminal_ && drawn_ > 0 ? "\r\033[K" : "",
                   text.c_str());
      drawn_ = 0;
      continue;
    }
    caf::anon_send(actors_.hub, atom::cancel_v, name);
    for (size_t g = 0; g < actors_.groups.size(); ++g)
      if (actors_.groups[g] == name)
        for (size_t s = 0; s < stages; ++s)
          caf::anon_send(actors_.engine, atom::cancel_v, actors_.jobs[g * stages + s]);
  }
}

void map_control::show(time_point now) {
  const auto lines =
    map_progress_lines(view_, terminal_ ? lines_max : 1, terminal_ ? terminal_width() : 0,
                       core::moment{now, std::chrono::system_clock::now()});
  std::string out;
  if (terminal_ && drawn_ > 0)
    out = "\r\033[" + std::to_string(drawn_) + "A\033[J";
  for (auto& line : lines)
    out += line + "\n";
  drawn_ = lines.size();
  std::fputs(out.c_str(), stderr);
  std::fflush(stderr);
}

} // namespace penstock::cli
