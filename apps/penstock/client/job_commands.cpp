#include "apps/penstock/client/job_commands.hpp"

#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/job_follow.hpp"
#include "apps/penstock/client/job_watch.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/view/summary.hpp"

#include <fmt/format.h>

#include <iostream>

namespace penstock::cli {

namespace {

std::string results_text(uint64_t n) { return count_text(n) + (n == 1 ? " result" : " results"); }

/// What is there now; says how much that is.
int fetch_prefix(client& c, const job_info& job, outcome_output& out, const std::string& place) {
  auto end = follow_job(c.head, job, out, false);
  const bool whole = end && out.next_index() >= job.requests && end->ended &&
                     (end->state == job_state::completed || end->state == job_state::cancelled);
  const auto safe = out.finish(whole);
  if (!end)
    return c.fail(end.error());
  if (!safe)
    return c.fail(safe.error());
  if (const auto changes = out.changes(); changes && whole)
    c.say(fmt::format("{} of {} were brought up to date", results_text(changes->again), place));
  const auto where = place == "-" ? "" : " in " + place;
  if (whole)
    c.say(fmt::format("all {} results of job {}{}", count_text(job.requests), job.id, where));
  else if (out.is_rebuilding())
    c.say(fmt::format("{}{}. The file is as it was before the retry; it is brought up to date once "
                      "all new results are there",
                      end->ended ? fmt::format("job {} ended {}", job.id, to_string(end->state))
                                 : fmt::format("job {} runs again", job.id),
                      end->ended ? fmt::format(", penstock retry {} takes up the rest", job.id)
                                 : "; --follow waits for its end"));
  else if (end->ended)
    c.say(fmt::format(
      "the first {} of {} results{}; the job ended {}, penstock retry {} takes up the rest",
      count_text(out.next_index()), count_text(job.requests), where, to_string(end->state),
      job.id));
  else
    c.say(fmt::format("the first {} of {} results{}; --follow waits for the others",
                      count_text(out.next_index()), count_text(job.requests), where));
  return 0;
}

int fetch(client& c, uint64_t id, uint64_t from) {
  auto job = c.head.ask<job_info>(answer_within, atom::info_v, id);
  if (!job)
    return c.fail(job.error());
  if (from > job->requests)
    return c.fail(
      {errc::invalid_config, fmt::format("job {} has {} requests, so there is no result {}", id,
                                         count_text(job->requests), from)});
  const auto place = c.command.output.value_or("-");
  const auto receiving = job->progress.state == job_state::receiving;
  const auto begun = std::chrono::steady_clock::now();
  const outcome_place file{.output = place,
                           .job = identity_of(*job),
                           .requests = receiving ? std::nullopt : std::optional{job->requests},
                           .from = from,
                           .restart = c.settings().run.restart};
  auto out = outcome_output::open(file);
  if (out)
    out = made_current(c.head, *job, file, std::move(*out));
  if (!out)
    return c.fail(out.error());
  if (out->is_complete()) {
    c.say(fmt::format("{} is complete already ({} results)", place, count_text(out->next_index())));
    const auto& totals = out->totals();
    if (const auto open = totals.requests() - totals.completed; open > 0)
      c.say(retry_words(c.command, id, open));
    return 0;
  }
  if (!c.has("follow"))
    return fetch_prefix(c, *job, *out, place);
  run_view view;
  view.output = place;
  view.job = job->progress;
  view.total = receiving ? std::nullopt : std::optional{job->requests};
  view.done_before = done(job->progress);
  view.resumable = out->is_resumable();
  view.priced = job->progress.cost > 0;
  return follow_to_end(c, *job, *out, std::move(view), begun);
}

} // namespace

int results_main(const cluster_command& command, const config::environment& env) {
  const auto job = job_of(command);
  if (!job)
    return complain_usage(job.error());
  const auto from = number_of(command, "from", 0);
  if (!from)
    return complain_usage(from.error());
  if (command.settings.values.run.restart && command.output.value_or("-") == "-")
    return complain_usage(
      usage("penstock results: --restart has nothing to throw away on standard output"));
  if (command.settings.values.run.json && command.output.value_or("-") == "-")
    return complain_usage(
      usage("penstock results: --json prints the summary where the results go, on standard "
            "output; send those to a file with -o FILE"));
  if (auto free = check_output(command.output.value_or("-"), command.settings, env); !free)
    return complain(free.error());
  return with_head(command, [&](client& c) { return fetch(c, *job, *from); });
}

int cancel_main(const cluster_command& command, const config::environment&) {
  const auto job = job_of(command);
  if (!job)
    return complain_usage(job.error());
  return with_head(command, [&](client& c) {
    const auto stopped = c.head.ask<bool>(answer_within, atom::cancel_v, *job);
    if (!stopped)
      return c.fail(stopped.error());
    if (c.settings().run.json)
      std::cout << fmt::format(R"({{"job":{},"cancelled":{}}})", *job, *stopped) << std::endl;
    else
      std::cout << (*stopped
                      ? fmt::format("job {} is cancelled; what it had completed stays", *job)
                      : fmt::format("job {} has ended already; nothing was left to cancel", *job))
                << std::endl;
    return 0;
  });
}

int retry_main(const cluster_command& command, const config::environment&) {
  const auto job = job_of(command);
  if (!job)
    return complain_usage(job.error());
  return with_head(command, [&](client& c) {
    const auto again = c.head.ask<uint64_t>(answer_within, atom::retry_v, *job);
    if (!again)
      return c.fail(again.error());
    if (c.settings().run.json)
      std::cout << fmt::format(R"({{"job":{},"requests":{}}})", *job, *again) << std::endl;
    else
      std::cout << (*again == 0
                      ? fmt::format(
                          "every request of job {} is completed; there is nothing to retry", *job)
                      : fmt::format("job {} runs {} requests again", *job, count_text(*again)))
                << std::endl;
    return 0;
  });
}

} // namespace penstock::cli
