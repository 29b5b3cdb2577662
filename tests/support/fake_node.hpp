#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <vector>

namespace penstock::test {

/// Messages that a fake node has received.
struct node_log {
  std::vector<assignment> assigned;
  std::vector<uint64_t> aborted, drained; ///< Jobs.
  std::vector<request_key> aborted_keys;  ///< Single requests.
  uint64_t credit = 0;                    ///< Bytes that readers have taken.
  std::vector<work_report> reports;       ///< Reports from workers.
  std::vector<wiring> rewired;
  std::vector<uint64_t> answered;                 ///< Heartbeats answered by the engine.
  std::vector<std::pair<uint32_t, error>> dead;   ///< Lanes reported as closed by workers.
  uint32_t hedges_asked = 0;                      ///< Second attempts that workers asked for.
  bool gives_leave = false;                       ///< Whether to allow them.
  report_taker_actor from;                        ///< The sender of the last assignment.
  std::map<uint64_t, report_taker_actor> from_of; ///< The same by job.

  /// All requests that it ever got, in order.
  std::vector<assigned_request> requests() const {
    std::vector<assigned_request> all;
    for (auto& a : assigned)
      all.insert(all.end(), a.requests.begin(), a.requests.end());
    return all;
  }
};

/// A node that runs no requests; the test reports for it.
inline node_actor::behavior_type fake_node(node_actor::pointer self,
                                           std::shared_ptr<node_log> log) {
  return {
    [=](atom::assign, const assignment& work) {
      log->assigned.push_back(work);
      log->from = caf::actor_cast<report_taker_actor>(self->current_sender());
      log->from_of[work.job] = log->from;
    },
    [=](atom::abort, uint64_t job) { log->aborted.push_back(job); },
    [=](atom::abort, const request_key& key) { log->aborted_keys.push_back(key); },
    [=](atom::credit, const request_key&, uint64_t bytes) { log->credit += bytes; },
    [=](atom::drain, uint64_t job) { log->drained.push_back(job); },
    [=](atom::rewire, const wiring& now) { log->rewired.push_back(now); },
    [=](atom::done, const work_report& report) { log->reports.push_back(report); },
    [=](atom::dead, uint64_t, uint32_t lane, const error& why) {
      log->dead.emplace_back(lane, why);
    },
    [=](atom::hedge, const request_key&) {
      ++log->hedges_asked;
      if (log->gives_leave)
        self->send(caf::actor_cast<worker_actor>(self->current_sender()), atom::hedge_v);
    },
    [](atom::flush) {},
    [=](atom::heartbeat, uint64_t number) { log->answered.push_back(number); },
    [](atom::heartbeat) {},
    [](atom::leave, caf::timespan) {},
  };
}

/// A chat request, as from a line of an input.
inline shared_request make_request(uint64_t index, std::string model = "m") {
  core::request r;
  r.index = index;
  r.line = index + 1;
  r.custom_id = "id-" + std::to_string(index);
  r.url = "/v1/chat/completions";
  r.model = std::move(model);
  r.body = core::make_payload(R"({"n":)" + std::to_string(index) + "}");
  return make_shared_value(std::move(r));
}

} // namespace penstock::test
