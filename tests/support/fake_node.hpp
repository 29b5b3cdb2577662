#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <vector>

namespace penstock::test {

/// What a fake node was told.
struct node_log {
  std::vector<assignment> assigned;
  std::vector<uint64_t> aborted, drained; ///< Jobs.
  std::vector<work_report> reports;       ///< From workers.
  std::vector<wiring> rewired;
  std::vector<uint64_t> answered;                 ///< Signs of life, by the engine.
  std::vector<std::pair<uint32_t, error>> dead;   ///< Lanes that workers found lost.
  uint32_t hedges_asked = 0;                      ///< By workers.
  bool gives_leave = false;                       ///< To them.
  report_taker_actor from;                        ///< Who assigned last.
  std::map<uint64_t, report_taker_actor> from_of; ///< By job.

  /// All requests it was ever given, in order.
  std::vector<assigned_request> requests() const {
    std::vector<assigned_request> all;
    for (auto& a : assigned)
      all.insert(all.end(), a.requests.begin(), a.requests.end());
    return all;
  }
};

/// A node that runs nothing; the test answers for it.
inline node_actor::behavior_type fake_node(node_actor::pointer self,
                                           std::shared_ptr<node_log> log) {
  return {
    [=](atom::assign, const assignment& work) {
      log->assigned.push_back(work);
      log->from = caf::actor_cast<report_taker_actor>(self->current_sender());
      log->from_of[work.job] = log->from;
    },
    [=](atom::abort, uint64_t job) { log->aborted.push_back(job); },
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

/// A chat request as a line of an input would give it.
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
