#include "core/view/view_parts.hpp"

#include "core/base/text.hpp"

#include <fmt/format.h>

namespace penstock::core {

std::string span_text(duration d) {
  const auto s = to_seconds(d);
  if (s < 0.9995)
    return fmt::format("{} ms", to_ms(d));
  if (s < 99.95)
    return fmt::format("{:.2f} s", s);
  const auto whole = static_cast<uint64_t>(s + 0.5);
  if (whole < 3600)
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string_view breaker_text(lane_snapshot::breaker_state s) noexcept {
  using state = lane_snapshot::breaker_state;
  return s == state::closed ? "closed" : s == state::open ? "open" : "half_open";
}

double used_share(const lane_snapshot& s, size_t dimension) noexcept {
  return s.limit[dimension] > 0 ? s.used_last_minute[dimension] / s.limit[dimension] : 0;
}

boost::json::array changes_json(const job_progress& job) {
  boost::json::array changes;
  for (auto& c : job.changes)
    changes.push_back(boost::json::object{{"from", to_string(c.from)},
                                          {"to", to_string(c.to)},
                                          {"code", to_string(c.code)},
                                          {"text", c.text},
                                          {"finished", c.finished},
                                          {"degraded", c.degraded}});
  return changes;
}

void add_counters(boost::json::object& to, const job_progress& job) {
  for (auto& counter : job_counters)
    to.emplace(counter.name, job.*counter.member);
}

void add_counters(boost::json::object& to, const job_progress& job, counter_line line) {
  for (auto& counter : job_counters)
    if (counter.line == line)
      to.emplace(counter.name, job.*counter.member);
}

std::string counters_text(const job_progress& job, counter_line line) {
  std::string out;
  uint64_t sum = 0;
  for (auto& counter : job_counters) {
    if (counter.line != line || counter.text.empty())
      continue;
    const auto at = counter.text.find("{}");
    out += out.empty() ? "" : ", ";
    out += counter.text.substr(0, at);
    out += count_text(job.*counter.member);
    out += counter.text.substr(at + 2);
    sum += job.*counter.member;
  }
  return sum > 0 || line == counter_line::attempts ? out : std::string{};
}

} // namespace penstock::core
