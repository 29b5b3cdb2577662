#include "apps/penstock/map/map_hints.hpp"
#include "apps/penstock/map/map_sums.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace penstock::cli {

namespace json = boost::json;

namespace {

json::object rows_json(const core::map_group_totals& t) {
  return {{"completed", t.completed},
          {"failed", t.failed},
          {"cancelled", t.cancelled},
          {"expired", t.expired},
          {"noted", t.noted}};
}

json::object sums_json(const map_view& v, const job_sums& s) {
  const auto& r = s.done.requests;
  json::object o{{"queued", s.queued},
                 {"in_flight", s.in_flight},
                 {"completed", r.completed},
                 {"failed", r.failed},
                 {"cancelled", r.cancelled},
                 {"expired", r.expired},
                 {"corrections", s.done.corrections},
                 {"cached", r.cached},
                 {"attempts", r.attempts},
                 {"rate_limited", r.rate_limited},
                 {"in_flight_peak", s.in_flight_peak},
                 {"mode_asked", joined(s.modes_asked)},
                 {"mode_used", joined(s.modes_used)},
                 {"input_tokens", r.input_tokens},
                 {"cached_input_tokens", r.cached_input_tokens},
                 {"output_tokens", r.output_tokens},
                 {"upstream_seconds", static_cast<double>(r.upstream_ms) / 1e3}};
  o["cost"] = v.priced ? json::value(cost_of(r)) : json::value(nullptr);
  return o;
}

json::array stages_json(const map_view& v, std::optional<size_t> group) {
  json::array list;
  for (size_t s = 0; s < stage_count(v); ++s) {
    auto o = sums_json(
      v, sum_jobs(v, [&](size_t g, size_t st) { return st == s && (!group || g == *group); }));
    json::object named{{"name", v.stages[s]}};
    for (auto& member : o)
      named.insert(member);
    list.push_back(std::move(named));
  }
  return list;
}

json::array groups_json(const map_view& v) {
  json::array list;
  for (size_t g = 0; g < v.status.groups.size(); ++g) {
    const auto& group = v.status.groups[g];
    auto o = rows_json(group.done);
    o["name"] = group.name;
    o["rows"] = group.rows;
    o["unread"] = group.unread;
    o["cancel_asked"] = group.cancelled;
    const auto eta = eta_of(v, group.rows - group.done.rows());
    o["eta_seconds"] = eta ? json::value(*eta) : json::value(nullptr);
    const auto sums = sum_jobs(v, [&](size_t gg, size_t) { return gg == g; });
    o["cost"] = v.priced ? json::value(cost_of(sums.done.requests)) : json::value(nullptr);
    o["stages"] = stages_json(v, g);
    list.push_back(std::move(o));
  }
  return list;
}

json::object head_json(const map_view& v) {
  auto o = rows_json(all_rows(v));
  o["state"] = state_word(v);
  o["recipe"] = v.recipe;
  o["output"] = v.output;
  o["rows"] = v.rows;
  o["rows_in_input"] = v.rows_in_input;
  o["written"] = v.status.written;
  o["wall_seconds"] = to_seconds(v.elapsed);
  const auto eta = eta_of(v, v.rows - std::min(v.rows, rows_done(v)));
  o["eta_seconds"] = eta ? json::value(*eta) : json::value(nullptr);
  if (v.state == job_state::aborted)
    o["error"] = json::object{{"code", to_string(v.cause.code)}, {"message", v.cause.context}};
  return o;
}

} // namespace

std::string map_summary_json(const map_view& v) {
  const auto all = sum_all(v);
  auto o = head_json(v);
  o["requests"] = sums_json(v, all);
  o["resumed_rows"] = v.status.resumed_rows;
  o["resumed_answers"] = v.status.resumed_answers;
  if (v.changes)
    o["input_changes"] = json::object{{"kept", v.changes->kept},
                                      {"mended", v.changes->mended},
                                      {"new", v.changes->added},
                                      {"gone", v.changes->removed},
                                      {"documents", v.status.changed_documents}};
  if (v.retrying)
    o["retried_rows"] = v.status.sent_again;
  o["failures"] = v.status.failures.json();
  o["rows_per_second"] = rate_of(v);
  const auto sequential = static_cast<double>(all.done.requests.upstream_ms) / 1e3;
  o["sequential_seconds"] = sequential;
  const auto fresh =
    v.status.resumed_rows + v.status.resumed_answers == 0 && v.elapsed > duration{};
  o["speedup"] = fresh ? json::value(sequential / to_seconds(v.elapsed)) : json::value(nullptr);
  o["stages"] = stages_json(v, std::nullopt);
  o["groups"] = groups_json(v);
  auto& changes = o["mode_changes"].emplace_array();
  for (size_t g = 0; g < v.status.groups.size(); ++g)
    for (size_t s = 0; s < stage_count(v); ++s)
      for (auto& c : v.jobs[g * stage_count(v) + s].changes)
        changes.push_back(json::object{{"group", v.status.groups[g].name},
                                       {"stage", v.stages[s]},
                                       {"from", to_string(c.from)},
                                       {"to", to_string(c.to)},
                                       {"code", to_string(c.code)},
                                       {"text", c.text}});
  auto& lanes = o["lanes"].emplace_array();
  for (auto& lane : v.lanes) {
    json::object l{{"name", lane.name},
                   {"headroom", lane.state.headroom},
                   {"granted", lane.state.granted},
                   {"rate_limited", lane.state.rate_limited},
                   {"breaker_trips", lane.state.breaker_trips},
                   {"in_flight_peak", lane.state.in_flight_peak}};
    auto& used = l["used_last_minute"].emplace_object();
    for (size_t d = 0; d < core::dimension_count; ++d)
      if (lane.state.limit[d] > 0)
        used[to_string(static_cast<core::dimension>(d))] = share(lane.state, d);
    lanes.push_back(std::move(l));
  }
  return json::serialize(o);
}

std::string map_status_json(const map_view& v) {
  auto o = head_json(v);
  o["groups"] = groups_json(v);
  return json::serialize(o) + "\n";
}

} // namespace penstock::cli
