#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::test {

/// What a fake engine was told.
struct engine_log {
  struct joined {
    node_actor node;
    uint64_t id = 0;
    uint32_t slots = 0;
  };
  std::vector<joined> nodes;
  std::vector<slot_return> freed;
  std::map<uint64_t, uint32_t> demand; ///< The last one of each job.
  std::optional<job_progress> finished;
  size_t finished_times = 0;

  uint32_t freed_slots() const {
    uint32_t sum = 0;
    for (auto& f : freed)
      sum += f.slots;
    return sum;
  }
};

/// The part of an engine that nodes and coordinators talk to.
inline engine_actor::behavior_type fake_engine(std::shared_ptr<engine_log> log) {
  return {
    [](atom::submit, const local_submission&) -> uint64_t { return 0; },
    [](atom::status, uint64_t) { return job_progress{}; },
    [](atom::wait, uint64_t) { return job_progress{}; },
    [](atom::drain, uint64_t) {},
    [](atom::abort, uint64_t) {},
    [](atom::cancel, uint64_t) {},
    [=](atom::join, const node_actor& node, uint64_t id, uint32_t slots) {
      log->nodes.push_back({node, id, slots});
    },
    [=](atom::freed, const slot_return& slots) { log->freed.push_back(slots); },
    [=](atom::demand, uint64_t job, uint32_t ready) { log->demand[job] = ready; },
    [=](atom::finished, uint64_t, const job_progress& progress) {
      log->finished = progress;
      ++log->finished_times;
    },
    [](atom::open, const opened_job&) {},
  };
}

} // namespace penstock::test
