#pragma once

#include "messages/views.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::test {

/// Messages that a fake engine has received.
struct engine_log {
  struct joined {
    node_actor node;
    uint64_t id = 0;
    uint32_t slots = 0;
  };
  std::vector<joined> nodes;
  std::vector<slot_return> freed;
  std::map<uint64_t, uint32_t> demand; ///< The last demand of each job.
  std::optional<job_progress> finished;
  size_t finished_times = 0;
  std::vector<node_beat> beats;
  std::vector<uint64_t> left;                      ///< Nodes that have left.
  std::vector<std::pair<uint64_t, error>> doubted; ///< Nodes that sent a wrong report.

  uint32_t freed_slots() const {
    uint32_t sum = 0;
    for (auto& f : freed)
      sum += f.slots;
    return sum;
  }
};

/// The part of an engine that nodes and coordinators use.
inline engine_actor::behavior_type fake_engine(std::shared_ptr<engine_log> log) {
  return {
    [](atom::submit, const local_submission&) -> uint64_t { return 0; },
    [](atom::submit, const submission&) { return job_ticket{}; },
    [](atom::add, const submission_part&) { return job_ticket{}; },
    [](atom::status, uint64_t) { return job_progress{}; },
    [](atom::info, uint64_t) { return job_info{}; },
    [](atom::jobs, const job_filter&) { return std::vector<job_info>{}; },
    [](atom::wait, uint64_t) { return job_progress{}; },
    [](atom::results, const results_query&) { return results_page{}; },
    [](atom::subscribe, const subscription&) {},
    [](atom::subscribe, const event_query&) {},
    [](atom::credit, uint32_t) {},
    [](atom::credit, uint64_t, uint32_t) {},
    [](atom::drain, uint64_t) {},
    [](atom::abort, uint64_t) {},
    [](atom::cancel, uint64_t) { return true; },
    [](atom::retry, uint64_t) -> uint64_t { return 0; },
    [](atom::nodes) { return std::vector<node_info>{}; },
    [](atom::lanes) { return std::vector<lane_info>{}; },
    [](atom::tenants) { return std::vector<tenant_counts>{}; },
    [](atom::attach, const live_desk_actor&) {},
    [](atom::join, const node_offer&) { return node_welcome{}; },
    [](atom::join, const node_actor&, uint64_t) {},
    [=](atom::heartbeat, const node_beat& beat) { log->beats.push_back(beat); },
    [=](atom::leave, uint64_t node) { log->left.push_back(node); },
    [=](atom::join, const node_actor& node, uint64_t id, uint32_t slots) {
      log->nodes.push_back({node, id, slots});
    },
    [=](atom::freed, const slot_return& slots) { log->freed.push_back(slots); },
    [=](atom::demand, uint64_t job, uint32_t ready) { log->demand[job] = ready; },
    [=](atom::finished, uint64_t, const job_progress& progress) {
      log->finished = progress;
      ++log->finished_times;
    },
    [=](atom::refused, uint64_t node, const error& why) { log->doubted.emplace_back(node, why); },
    [](atom::rewire, const wiring&) {},
    [](atom::snapshot, const snapshot_query&) { return engine_snapshot{}; },
    [](atom::open, const opened_job&) {},
    [](atom::wake) {},
  };
}

} // namespace penstock::test
