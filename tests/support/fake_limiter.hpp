#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <map>
#include <memory>
#include <vector>

namespace penstock::test {

/// Messages that a fake rate limiter has received, and how it answers.
struct limiter_log {
  bool grants = true;  ///< False: requests wait until the test answers.
  bool probes = false; ///< Its permits test a provider that is down.
  std::vector<core::permit_request> asked;
  std::map<uint64_t, permit_taker_actor> askers; ///< Waiting actors by permit id.
  std::vector<core::settlement> settled;
  std::vector<core::permit_request> adopted;
  std::vector<uint64_t> withdrawn;
  std::vector<uint64_t> released; ///< Owners that were released.

  /// How often the permit `id` was settled.
  size_t settlements(uint64_t id) const {
    size_t n = 0;
    for (auto& s : settled)
      n += s.id == id;
    return n;
  }
};

/// A lane without limits that records all messages.
inline rate_limiter_actor::behavior_type fake_limiter(rate_limiter_actor::pointer self,
                                                      std::shared_ptr<limiter_log> log) {
  return {
    [=](atom::acquire, const core::permit_request& req) {
      log->asked.push_back(req);
      auto asker = caf::actor_cast<permit_taker_actor>(self->current_sender());
      log->askers[req.id] = asker;
      if (log->grants)
        self->send(asker, atom::granted_v, core::permit{req.id, 1, 1, log->probes});
    },
    [=](atom::adopt, const core::permit_request& req) { log->adopted.push_back(req); },
    [=](atom::settle, const core::settlement& s) { log->settled.push_back(s); },
    [=](atom::withdraw, uint64_t id) { log->withdrawn.push_back(id); },
    [=](atom::release, uint64_t owner) { log->released.push_back(owner); },
    [](atom::snapshot) { return core::lane_snapshot{}; },
    [](atom::wake) {},
  };
}

} // namespace penstock::test
