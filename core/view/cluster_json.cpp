#include "core/json/json_text.hpp"
#include "core/view/cluster_views.hpp"
#include "core/view/view_parts.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

double seconds(duration d) { return to_seconds(d); }

/// {"name": [one of each]}
template <class T, class Render>
std::string listed(std::string_view name, const std::vector<T>& all, Render render) {
  json::array list;
  for (auto& one : all)
    list.push_back(render(one));
  json::object out;
  out[view(name)] = std::move(list);
  return json_text(out);
}

json::value time_of(int64_t ms) { return ms > 0 ? json::value(ms) : json::value(nullptr); }

json::object job_object(const job_info& j, int64_t now) {
  const auto& p = j.progress;
  json::object o{{"job", j.id},
                 {"name", j.name},
                 {"tenant", j.tenant},
                 {"priority", view(to_string(j.priority))},
                 {"idempotency_key", j.idempotency_key},
                 {"state", view(to_string(p.state))},
                 {"ended", has_ended(p.state)},
                 {"requests", j.requests},
                 {"done", p.done()},
                 {"created_ms", time_of(j.created)},
                 {"ended_ms", time_of(j.ended)},
                 {"age_seconds", static_cast<double>(std::max<int64_t>(now - j.created, 0)) / 1000},
                 {"waits_for", j.waits_for},
                 {"mode_asked", p.mode_asked},
                 {"mode_used", p.mode_used},
                 {"class", view(to_string(j.priority))}}; // The old name of "priority".
  add_counters(o, p, counter_line::requests);
  o["resume_in_seconds"] =
    p.state == job_state::parked ? json::value(seconds(p.resume_in)) : json::value(nullptr);
  o["error"] = p.cause.context.empty()
                 ? json::value(nullptr)
                 : json::value(json::object{{"code", view(to_string(p.cause.code))},
                                            {"message", p.cause.context}});
  return o;
}

} // namespace

std::string jobs_json(const std::vector<job_info>& jobs, int64_t now) {
  return listed("jobs", jobs, [&](const job_info& j) { return job_object(j, now); });
}

std::string status_json(const job_info& j, int64_t now) {
  const auto& p = j.progress;
  auto o = job_object(j, now);
  o["mode_changes"] = changes_json(p);
  add_counters(o, p);
  o["cost"] = p.cost;
  o["upstream_seconds"] = seconds(p.upstream_time);
  o["attempt_mean_seconds"] = seconds(p.attempt_mean);
  o["attempt_p50_seconds"] = seconds(p.attempt_p50);
  o["attempt_p99_seconds"] = seconds(p.attempt_p99);
  return json_text(o);
}

std::string nodes_json(const std::vector<node_info>& nodes) {
  return listed("nodes", nodes, [](const node_info& n) {
    return json::object{{"node", n.id},
                        {"name", n.name},
                        {"version", n.version},
                        {"local", n.local},
                        {"state", view(to_string(n.state))},
                        {"slots", n.slots},
                        {"in_use", n.in_use},
                        {"finished", n.finished},
                        {"silent_seconds", seconds(n.silent_for)},
                        {"joined_seconds", seconds(n.joined_for)}};
  });
}

std::string lanes_json(const std::vector<lane_info>& lanes) {
  return listed("lanes", lanes, [](const lane_info& l) {
    const auto& s = l.now;
    json::object limits;
    for (size_t d = 0; d < dimension_count; ++d)
      if (s.limit[d] > 0)
        limits[view(to_string(static_cast<dimension>(d)))] =
          json::object{{"limit", s.limit[d]},
                       {"used_last_minute", s.used_last_minute[d]},
                       {"share", used_share(s, d)},
                       {"level", s.level[d]},
                       {"capacity", s.capacity[d]}};
    return json::object{{"lane", l.name},
                        {"limits", std::move(limits)},
                        {"headroom", s.headroom},
                        {"in_flight", s.in_flight},
                        {"in_flight_peak", s.in_flight_peak},
                        {"in_flight_limit", s.in_flight_limit},
                        {"in_flight_adaptive", s.in_flight_adaptive},
                        {"waiting", s.waiting},
                        {"paused_seconds", seconds(l.paused_for)},
                        {"breaker", view(breaker_text(s.breaker))},
                        {"breaker_trips", s.breaker_trips},
                        {"granted", s.granted},
                        {"settled", s.settled},
                        {"released", s.released},
                        {"rate_limited", s.rate_limited}};
  });
}

std::string tenants_json(const std::vector<tenant_counts>& tenants) {
  return listed("tenants", tenants, [](const tenant_counts& t) {
    return json::object{{"tenant", t.tenant},
                        {"priority", view(to_string(t.priority))},
                        {"jobs", t.jobs},
                        {"pending", t.pending},
                        {"scheduled", t.scheduled},
                        {"processing", t.processing},
                        {"completed", t.completed},
                        {"failed", t.failed},
                        {"cancelled", t.cancelled},
                        {"expired", t.expired},
                        {"class", view(to_string(t.priority))}}; // The old name of "priority".
  });
}

} // namespace penstock::core
