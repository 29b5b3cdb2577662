#include "apps/penstock/client/job_watch.hpp"

#include "apps/penstock/client/job_follow.hpp"
#include "apps/penstock/run/run_input.hpp"
#include "apps/penstock/run/run_words.hpp"
#include "apps/penstock/view/progress.hpp"
#include "core/view/text_table.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>

namespace penstock::cli {

namespace {

constexpr duration glance_within = std::chrono::seconds{2};
constexpr auto redraw_every = std::chrono::milliseconds{200};

/// A file name quoted for a shell.
std::string shell_word(const std::string& word) {
  if (word.find_first_not_of(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+") ==
        std::string::npos &&
      !word.empty())
    return word;
  std::string out = "'";
  for (char c : word)
    out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// The options with which another command finds the same head, if the settings are not enough.
std::string head_option(const cluster_command& command) {
  return command.settings.origins.at("cluster.head").starts_with("command line")
           ? " --head " + command.settings.values.cluster.head
           : std::string{};
}

int interrupted(client& c, const job_info& job, const outcome_output& out, const run_view& view) {
  c.say(fmt::format("{} of {} results are in {}; job {} goes on at {}\n  {}",
                    count_text(out.next_index()), view.total ? count_text(*view.total) : "all",
                    view.output == "-" ? "standard output" : view.output, job.id, c.head.address(),
                    hints(c.command, job.id, out.is_resumable() ? view.output : "")));
  return 128 + c.signal();
}

} // namespace

live_job::live_job(head_session& head, uint64_t job) : head_{head}, feed_{head, {job, {}}} {}

void live_job::look(run_view& view) {
  if (auto events = feed_.next(duration{}))
    for (auto& event : *events)
      if (event.number > 0) // Else the head refused the subscription.
        view.job = std::move(event.info.progress);
  if (auto all = head_.ask<std::vector<lane_info>>(glance_within, atom::lanes_v)) {
    view.lanes.clear();
    for (auto& lane : *all) {
      auto& shown = view.lanes.emplace_back(lane_view{lane.name, lane.now});
      shown.state.paused_until.reset(); // The clock of another process.
      if (lane.paused_for > duration{})
        shown.state.paused_until = std::chrono::steady_clock::now() + lane.paused_for;
    }
  }
}

int follow_to_end(client& c, const job_info& job, outcome_output& out, run_view view,
                  time_point begun) {
  view.job_id = job.id;
  view.changes = out.changes();
  view.retried_by = fmt::format("penstock retry {}{}", job.id, head_option(c.command));
  result<follow_end> end = follow_end{};
  live_job live{c.head, job.id};
  {
    std::unique_ptr<progress_display> display;
    if (!c.settings().run.quiet)
      display = std::make_unique<progress_display>([&](run_view& v) { live.look(v); }, view);
    end = follow_job(c.head, job, out, true);
  }
  const bool whole = end && end->ended && out.next_index() >= view.total.value_or(job.requests);
  const auto safe =
    out.finish(whole && (end->state == job_state::completed || end->state == job_state::cancelled));
  if (!end) {
    if (end.error().code == errc::cancelled && c.signal() != 0)
      return interrupted(c, job, out, view);
    return c.fail(end.error());
  }
  if (!safe)
    return c.fail(safe.error());
  auto last =
    c.head.persist([&] { return c.head.ask<job_progress>(answer_within, atom::status_v, job.id); });
  if (!last)
    return c.fail(last.error());
  live.look(view);
  view.job = std::move(*last);
  view.elapsed = std::chrono::steady_clock::now() - begun;
  if (view.job.failed + view.job.expired > 0 && is_regular_file(view.output))
    view.failures = failures_in(view.output);
  if (c.settings().run.json)
    std::cout << summary_json(view) << std::endl;
  if (!c.settings().run.quiet)
    std::fputs(core::printable(summary_text(view)).c_str(), stderr);
  if (const auto text = core::printable(advice(view)); !text.empty())
    std::fprintf(stderr, "penstock: %s\n", text.c_str());
  else if (const auto open = done(view.job) - view.job.completed; open > 0)
    c.say(retry_words(c.command, job.id, open));
  return static_cast<int>(exit_code_of(view.job));
}

std::string retry_words(const cluster_command& command, uint64_t job, uint64_t requests) {
  return fmt::format(
    "penstock retry {}{} runs the {} again that did not complete; this command then "
    "brings the file up to date",
    job, head_option(command), count_text(requests));
}

std::string hints(const cluster_command& command, uint64_t job, const std::string& output) {
  return fmt::format("follow and fetch: penstock results {0} --follow -o {1}{2}\n"
                     "  look:             penstock status {0}{2}\n"
                     "  stop it:          penstock cancel {0}{2}",
                     job, output.empty() || output == "-" ? "FILE" : shell_word(output),
                     head_option(command));
}

send_display::send_display(std::optional<uint64_t> total)
    : total_{total}, terminal_{isatty(STDERR_FILENO) == 1} {}

send_display::~send_display() {
  if (shown_)
    std::fputs("\r\033[K", stderr);
}

void send_display::show(uint64_t accepted) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now < next_)
    return;
  next_ = now + redraw_every;
  shown_ = true;
  std::fprintf(stderr, "\r\033[Ksent %s of %s requests", count_text(accepted).c_str(),
               total_ ? count_text(*total_).c_str() : "all");
  std::fflush(stderr);
}

} // namespace penstock::cli
