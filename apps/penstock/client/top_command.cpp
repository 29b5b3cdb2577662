#include "apps/penstock/client/top_command.hpp"

#include "actors/host/event_feed.hpp"
#include "apps/penstock/client/client.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "apps/penstock/view/top_screen.hpp"
#include "core/io/file/wall_clock.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <optional>

namespace penstock::cli {

namespace {

constexpr duration top_answer_within = std::chrono::seconds{5};
constexpr duration default_every = std::chrono::seconds{1};
constexpr duration shortest_every = std::chrono::milliseconds{100};
/// How often to check keys and the size of the terminal.
constexpr int key_look_up_ms = 50;
constexpr uint32_t jobs_max = 200;

/// Uses the alternate screen of the terminal. Its destructor restores the old content.
class full_screen {
public:
  full_screen() {
    keyboard_ = ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (keyboard_) {
      auto raw = before_;
      raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO); // Ctrl-C stays a signal.
      raw.c_cc[VMIN] = 0;
      raw.c_cc[VTIME] = 0;
      ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    put("\033[?1049h\033[?25l");
  }
  ~full_screen() {
    put("\033[?25h\033[?1049l");
    if (keyboard_)
      ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
  full_screen(const full_screen&) = delete;
  full_screen& operator=(const full_screen&) = delete;

  static winsize size() {
    winsize s{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &s) != 0 || s.ws_col == 0 || s.ws_row == 0)
      s = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    return s;
  }

  /// Draws the screen with one write, so that it does not flicker.
  static void draw(const std::vector<std::string>& lines) {
    std::string out = "\033[H";
    for (size_t i = 0; i < lines.size(); ++i) {
      out += i == 0 ? "" : "\r\n";
      out += lines[i] + "\033[K";
    }
    put(out + "\033[J");
  }

  /// Waits a moment for a key. @returns 0 if none came.
  char key() const {
    if (!keyboard_) {
      ::poll(nullptr, 0, key_look_up_ms);
      return 0;
    }
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    char c = 0;
    return ::poll(&waiting, 1, key_look_up_ms) > 0 && ::read(STDIN_FILENO, &c, 1) == 1 ? c : '\0';
  }

private:
  static void put(std::string_view text) {
    std::cout.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
  }

  termios before_{};
  bool keyboard_ = false;
};

/// The running jobs of a head, kept up to date by their events.
class running_jobs {
public:
  explicit running_jobs(head_session& head) : feed_{head, {}} {}

  void start_with(const std::vector<job_info>& jobs) {
    all_.clear();
    for (auto& job : jobs)
      all_[job.id] = job;
  }
  /// Takes the new events. @returns the newest jobs.
  result<std::vector<job_info>> take() {
    auto events = feed_.next(duration{});
    if (!events)
      return events.error();
    for (auto& event : *events) {
      if (event.number == 0)
        return event.info.progress.cause;
      if (has_ended(event.info.progress.state))
        all_.erase(event.job);
      else
        all_[event.job] = std::move(event.info);
    }
    std::vector<job_info> newest;
    for (auto it = all_.rbegin(); it != all_.rend() && newest.size() < jobs_max; ++it)
      newest.push_back(it->second);
    return newest;
  }

private:
  actors::event_feed feed_;
  std::map<uint64_t, job_info> all_;
};

/// Asks for nodes, lanes and tenants, and without `running` for jobs. Without an answer, old data
/// stays.
result<void> look_at(head_session& head, top_view& view, rate_meter& meter,
                     running_jobs* running = nullptr) {
  job_filter active;
  active.active_only = true;
  active.count_max = jobs_max;
  auto nodes = head.start<std::vector<node_info>>(top_answer_within, atom::nodes_v);
  auto lanes = head.start<std::vector<lane_info>>(top_answer_within, atom::lanes_v);
  auto tenants = head.start<std::vector<tenant_counts>>(top_answer_within, atom::tenants_v);
  std::optional<actors::pending_answer<std::vector<job_info>>> jobs;
  if (!running)
    jobs = head.start<std::vector<job_info>>(top_answer_within, atom::jobs_v, active);
  const auto take = [](auto answer, auto& into) -> result<void> {
    auto value = answer.wait();
    if (!value)
      return value.error();
    into = std::move(*value);
    return {};
  };
  for (auto& took : {take(std::move(nodes), view.nodes), take(std::move(lanes), view.lanes),
                     take(std::move(tenants), view.tenants)})
    if (!took)
      return took;
  auto now = running ? running->take() : jobs->wait();
  if (!now)
    return now.error();
  view.jobs = std::move(*now);
  view.rates = meter.update(view.jobs, std::chrono::steady_clock::now());
  view.now = io::wall_now_ms();
  return {};
}

int once(client& c) {
  top_view view;
  rate_meter meter;
  view.head = c.head.address();
  if (auto looked = look_at(c.head, view, meter); !looked)
    return c.fail(looked.error());
  for (auto& line : top_lines(view, 0, 0))
    std::cout << line << '\n';
  std::cout << std::flush;
  return 0;
}

int live(client& c, duration every) {
  top_view view;
  rate_meter meter;
  view.head = c.head.address();
  if (auto looked = look_at(c.head, view, meter); !looked)
    return c.fail(looked.error());
  running_jobs running{c.head};
  running.start_with(view.jobs);
  result<void> end{};
  {
    full_screen screen;
    auto due = std::chrono::steady_clock::now() + every;
    winsize drawn{};
    for (bool fresh = true, again = false;;) {
      const auto size = full_screen::size();
      if (fresh || size.ws_col != drawn.ws_col || size.ws_row != drawn.ws_row)
        full_screen::draw(top_lines(view, size.ws_col, size.ws_row));
      drawn = size;
      const auto key = screen.key();
      if (key == 'q' || key == 'Q' || c.head.is_interrupted())
        break;
      const auto now = std::chrono::steady_clock::now();
      fresh = now >= due;
      if (!fresh)
        continue;
      due = now + every;
      auto looked = look_at(c.head, view, meter, again ? nullptr : &running);
      if (looked && again)
        running.start_with(view.jobs);
      again = !looked; // Jobs that ended in the meantime send no event.
      view.trouble = looked ? std::string{} : core::printable(looked.error().context);
      if (looked || looked.error().code == errc::cancelled)
        continue;
      if (looked.error().code != errc::connection_failed) {
        end = looked;
        break;
      }
      view.trouble += "; trying again";
      full_screen::draw(top_lines(view, size.ws_col, size.ws_row));
      if (auto found = c.head.reconnect(looked.error());
          !found && found.error().code != errc::cancelled) {
        end = found;
        break;
      }
    }
  }
  if (!end)
    return c.fail(end.error());
  return 0;
}

} // namespace

int top_main(const cluster_command& command, const config::environment&) {
  const auto every = span_of(command, "every", default_every);
  if (!every)
    return complain_usage(every.error());
  if (command.settings.values.run.json)
    return complain_usage(usage(
      "penstock top: it draws for people; penstock nodes, lanes, tenants and jobs take --json"));
  return with_head(command, [&](client& c) {
    if (c.has("once") || ::isatty(STDOUT_FILENO) != 1)
      return once(c);
    // Lines on standard error would damage the screen.
    c.head.on_change([](const std::string&) {});
    return live(c, std::max(*every, shortest_every));
  });
}

} // namespace penstock::cli
