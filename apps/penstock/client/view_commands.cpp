#include "apps/penstock/client/view_commands.hpp"

#include "actors/host/page_stream.hpp"
#include "apps/penstock/client/client.hpp"
#include "apps/penstock/client/job_follow.hpp"
#include "apps/penstock/client/job_watch.hpp"
#include "apps/penstock/view/progress.hpp"
#include "core/io/file/wall_clock.hpp"
#include "core/view/cluster_views.hpp"

#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace penstock::cli {

namespace {

constexpr duration look_every = std::chrono::milliseconds{200};
constexpr uint32_t page_jobs = 500;
constexpr uint64_t jobs_shown = 100;

int print(const std::string& text) {
  std::cout << text << (text.ends_with('\n') ? "" : "\n") << std::flush;
  return 0;
}

/// Asks for a list and prints it.
template <class T, class Word>
int show_list(const cluster_command& command, Word word,
              core::text_table (*table)(const std::vector<T>&),
              std::string (*as_json)(const std::vector<T>&), std::string_view nothing) {
  return with_head(command, [&](client& c) {
    auto all = c.head.ask<std::vector<T>>(answer_within, word);
    if (!all)
      return c.fail(all.error());
    return print(c.settings().run.json ? as_json(*all) : table(*all).text(nothing));
  });
}

/// The newest jobs of a filter, page by page.
result<std::vector<job_info>> list_jobs(head_session& head, job_filter filter, uint64_t count_max) {
  std::vector<job_info> all;
  while (all.size() < count_max) {
    filter.count_max = static_cast<uint32_t>(std::min<uint64_t>(page_jobs, count_max - all.size()));
    auto page = head.ask<std::vector<job_info>>(answer_within, atom::jobs_v, filter);
    if (!page)
      return page.error();
    const auto last = page->size() < filter.count_max;
    for (auto& job : *page) {
      filter.before = filter.before == 0 ? job.id : std::min(filter.before, job.id);
      all.push_back(std::move(job));
    }
    if (last)
      break;
  }
  return all;
}

int print_status(const client& c, const job_info& job) {
  return print(c.settings().run.json ? status_json(job, io::wall_now_ms())
                                     : status_text(job, io::wall_now_ms()));
}

/// Shows progress until the job has ended.
result<job_info> watch(client& c, job_info job) {
  run_view view;
  view.job_id = job.id;
  view.job = job.progress;
  view.total = job.requests;
  view.done_before = done(job.progress);
  live_job live{c.head, job.id};
  std::unique_ptr<progress_display> display;
  if (!c.settings().run.quiet)
    display = std::make_unique<progress_display>([&](run_view& v) { live.look(v); }, view);
  actors::event_feed feed{c.head, {job.id, {}}};
  if (!has_ended(job.progress.state))
    c.say(fmt::format("following job {}: {} of {} requests done", job.id,
                      count_text(done(job.progress)), count_text(job.requests)));
  while (!has_ended(job.progress.state) || job.progress.state == job_state::interrupted) {
    if (c.head.is_interrupted())
      return error{errc::cancelled, "interrupted"};
    const auto seen = c.head.generation();
    auto events = feed.next(look_every);
    if (!events) {
      if (auto back = c.head.reconnect(events.error(), seen); !back)
        return back.error();
      continue;
    }
    for (auto& event : *events) {
      if (event.number == 0)
        return event.info.progress.cause;
      if (event.info.created != job.created)
        return actors::another_job(c.head, job.id);
      job = std::move(event.info);
    }
  }
  return job;
}

} // namespace

int jobs_main(const cluster_command& command, const config::environment&) {
  const auto count = number_of(command, "count", jobs_shown);
  if (!count)
    return complain_usage(count.error());
  return with_head(command, [&](client& c) {
    job_filter filter;
    if (auto it = command.own.find("tenant"); it != command.own.end())
      filter.tenant = it->second;
    filter.active_only = !c.has("all");
    auto all = list_jobs(c.head, filter, *count);
    if (!all)
      return c.fail(all.error());
    if (c.settings().run.json)
      return print(jobs_json(*all, io::wall_now_ms()));
    print(jobs_table(*all, io::wall_now_ms())
            .text(c.has("all") ? "no jobs"
                               : "no active jobs; --all shows those that have "
                                 "ended, too"));
    if (all->size() == *count)
      c.say(fmt::format("only the newest {}; --count N shows more", *count));
    return 0;
  });
}

int status_main(const cluster_command& command, const config::environment&) {
  const auto job = job_of(command);
  if (!job)
    return complain_usage(job.error());
  return with_head(command, [&](client& c) {
    auto info = c.head.ask<job_info>(answer_within, atom::info_v, *job);
    if (!info)
      return c.fail(info.error());
    if (!c.has("follow"))
      return print_status(c, *info);
    auto last = watch(c, std::move(*info));
    if (!last)
      return c.fail(last.error());
    print_status(c, *last);
    return static_cast<int>(exit_code_of(last->progress));
  });
}

int nodes_main(const cluster_command& command, const config::environment&) {
  return show_list<node_info>(command, atom::nodes_v, core::nodes_table, core::nodes_json,
                              "no nodes: nothing runs until penstock node joins");
}

int lanes_main(const cluster_command& command, const config::environment&) {
  return show_list<lane_info>(command, atom::lanes_v, core::lanes_table, core::lanes_json,
                              "no lanes");
}

int tenants_main(const cluster_command& command, const config::environment&) {
  return show_list<tenant_counts>(command, atom::tenants_v, core::tenants_table, core::tenants_json,
                                  "no tenant has sent anything");
}

} // namespace penstock::cli
