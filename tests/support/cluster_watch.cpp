#include "tests/support/cluster_world.hpp"

#include "tests/support/invariants.hpp"

#include <algorithm>

/// The checks of a cluster world while it runs.
namespace penstock::test {

using namespace std::chrono_literals;

void cluster_world::violation(const std::string& what) {
  if (violations.size() < 10)
    violations.push_back(what + " at " + std::to_string((now() - time_point{}) / 1ms) + " ms");
}

void cluster_world::watch(process_link& link, size_t i) {
  link.now = [this] { return now(); };
  link.delay = [this] {
    return duration{
      static_cast<int64_t>(rng() % static_cast<uint64_t>(options_.delay_max.count() + 1))};
  };
  link.on_send = [this, i](way w, const caf::message& what) { watch_send(i, w, what); };
  link.on_delivery = [this](way w, const caf::message& what) { watch_delivery(w, what); };
  for (auto w : {way::to_head, way::to_node})
    link.cut(w, processes_[i].cut[static_cast<size_t>(w)]);
}

void cluster_world::watch_send(size_t, way w, const caf::message& what) {
  if (w == way::to_head)
    return;
  if (what.match_elements<atom::granted, core::permit>())
    granted(what.get_as<core::permit>(1).id);
  else if (what.match_elements<atom::assign, assignment>())
    for (auto& req : what.get_as<assignment>(1).requests)
      epochs_[req.key.index] = std::max(epochs_[req.key.index], req.key.epoch);
}

void cluster_world::granted(uint64_t permit) {
  const auto per_minute =
    options_.lane.limit[static_cast<size_t>(core::dimension::requests_minute)];
  const auto rate = per_minute / 60;
  const auto seconds = [](duration d) { return std::chrono::duration<double>(d).count(); };
  grants_.emplace_back(now(), permit);
  if (now() > paused_from_ && now() < paused_until_)
    violation("I9: a permit during a pause");
  if (per_minute == 0)
    return;
  for (size_t i = 0; i < grants_.size(); ++i)
    if (static_cast<double>(grants_.size() - i) >
        rate * (seconds(options_.lane.burst) + seconds(now() - grants_[i].first)) + 1.001) {
      violation("I7: more permits than the lane has");
      return;
    }
}

void cluster_world::watch_delivery(way w, const caf::message& what) {
  if (w == way::to_node)
    return;
  if (what.match_elements<atom::settle, core::settlement>()) {
    const auto& s = what.get_as<core::settlement>(1);
    if (!s.sent)
      std::erase_if(grants_, [&](auto& grant) { return grant.second == s.id; });
    if (s.retry_after) {
      // The limiter may have granted a permit just before it reads this message.
      paused_from_ = now();
      paused_until_ = std::max(paused_until_, now() + *s.retry_after);
    }
  } else if (what.match_elements<atom::report, report_batch>()) {
    for (auto& report : what.get_as<report_batch>(1).reports)
      if (report.outcome && report.key.epoch < epochs_[report.key.index] &&
          !report.outcome->request_id.empty())
        stale.insert(report.outcome->request_id);
  }
}

/// The answer of a provider to a call of a node.
fake_answer cluster_world::call(size_t i, const fake_upstream::call& what) {
  if (silent_.count(number_of_node(i)) == 1)
    violation("node " + std::to_string(i) + " sends although its head has given it up");
  auto said = script(what);
  exchange seen;
  seen.node = i;
  seen.id = "call-" + std::to_string(exchanges.size()) + "-";
  seen.request = number_of(what.body);
  seen.status = said.response.status;
  said.response.headers.emplace_back("x-request-id", seen.id);
  exchanges.push_back(std::move(seen));
  return said;
}

} // namespace penstock::test
