#include "apps/penstock/view/top_screen.hpp"

#include "apps/penstock/view/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penstock::cli {

namespace {

/// Weight of the past in the shown rates, per second.
constexpr double screen_memory_per_second = 0.7;

struct section {
  std::string title;
  std::vector<std::string> lines; ///< Heads first.
  size_t rows_shown = 0;
};

std::string head_line(const top_view& v) {
  uint64_t slots = 0, in_use = 0, waiting = 0, processing = 0;
  for (auto& n : v.nodes) {
    slots += n.slots;
    in_use += n.in_use;
  }
  for (auto& t : v.tenants) {
    waiting += t.pending + t.scheduled;
    processing += t.processing;
  }
  const auto rate = std::accumulate(v.rates.begin(), v.rates.end(), 0.0,
                                    [](double sum, auto& entry) { return sum + entry.second; });
  const auto second = v.now / 1000;
  return fmt::format(
    "penstock {}  {:02}:{:02}:{:02} UTC  {} of {} slots in use  {} in flight  {} waiting  {:.1f}/s",
    v.head, second / 3600 % 24, second / 60 % 60, second % 60, count_text(in_use),
    count_text(slots), count_text(processing), count_text(waiting), rate);
}

/// Shares `room` lines among sections; each has a title, heads and at least one row.
void share_rows(std::vector<section>& sections, size_t room) {
  size_t fixed = 0;
  for (auto& s : sections) {
    s.rows_shown = std::min<size_t>(s.lines.size() - 1, 1);
    fixed += 3 + s.rows_shown; // An empty line, the title, the heads.
  }
  for (bool grown = true; grown && fixed < room;) {
    grown = false;
    for (auto& s : sections) {
      if (fixed >= room || s.rows_shown + 1 >= s.lines.size())
        continue;
      ++s.rows_shown;
      ++fixed;
      grown = true;
    }
  }
}

} // namespace

core::job_rates rate_meter::update(const std::vector<job_info>& jobs, time_point now) {
  const auto seconds = to_seconds(now - at_);
  core::job_rates rates;
  std::map<uint64_t, last_look> next;
  for (auto& job : jobs) {
    auto& look = next[job.id];
    look.done = done(job.progress);
    const auto before = jobs_.find(job.id);
    if (before == jobs_.end() || look.done < before->second.done || seconds <= 0)
      continue;
    const auto fresh = static_cast<double>(look.done - before->second.done) / seconds;
    const auto past = before->second.measured ? std::pow(screen_memory_per_second, seconds) : 0;
    look.rate = past * before->second.rate + (1 - past) * fresh;
    look.measured = true;
    rates[job.id] = look.rate;
  }
  jobs_ = std::move(next);
  at_ = now;
  return rates;
}

std::vector<std::string> top_lines(const top_view& v, size_t width, size_t height) {
  std::vector<section> sections;
  sections.push_back({fmt::format("NODES ({})", v.nodes.size()), nodes_table(v.nodes).lines()});
  sections.push_back({fmt::format("LANES ({})", v.lanes.size()), lanes_table(v.lanes).lines()});
  sections.push_back(
    {fmt::format("TENANTS ({})", v.tenants.size()), tenants_table(v.tenants).lines()});
  sections.push_back(
    {fmt::format("JOBS ({})", v.jobs.size()), jobs_table(v.jobs, v.now, v.rates).lines()});
  const size_t above = v.trouble.empty() ? 1 : 2;
  share_rows(sections, height == 0 ? SIZE_MAX : height > above ? height - above : 0);
  std::vector<std::string> out{head_line(v)};
  if (!v.trouble.empty())
    out.push_back("! " + v.trouble);
  for (auto& s : sections) {
    out.emplace_back();
    const auto hidden = s.lines.size() - 1 - s.rows_shown;
    out.push_back(hidden > 0 ? fmt::format("{}, {} not shown", s.title, hidden) : s.title);
    out.insert(out.end(), s.lines.begin(),
               s.lines.begin() + static_cast<std::ptrdiff_t>(1 + s.rows_shown));
  }
  if (height > 0 && out.size() > height)
    out.resize(height);
  if (width > 0)
    for (auto& line : out)
      line = core::cut_to(line, width);
  return out;
}

} // namespace penstock::cli
