#pragma once

#include "actors/engine/engine.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_node.hpp"

#include <memory>

namespace penstock::test {

/// An engine on the test's scheduler; the test acts as its node.
struct engine_fixture : deterministic_system {
  void start(actors::engine_setup setup) { aut = spawn(actors::engine, std::move(setup)); }

  void join(uint32_t slots, uint64_t id = 1) {
    self->send(aut, atom::join_v, node, id, slots);
    run();
  }

  /// Acts as the node: ends the requests of `n` hand-outs.
  void complete(size_t first, size_t n,
                core::outcome_state state = core::outcome_state::completed) {
    const auto all = work->requests();
    for (auto i = first; i < first + n; ++i) {
      core::outcome o;
      o.index = all.at(i).key.index;
      o.custom_id = all[i].what->custom_id;
      o.state = state;
      if (state != core::outcome_state::completed)
        o.failure = error{errc::bad_request, "no"};
      o.attempts = 1;
      report(all[i].key, report_kind::finished, std::move(o));
    }
    run();
  }

  /// Reports a hand-out to its coordinator, and its free slot to the engine.
  void report(const request_key& key, report_kind kind, core::outcome o,
              caf::timespan resume_in = {}) {
    const auto to = work->from_of.at(key.job);
    work_report one{key, kind, make_shared_value(std::move(o)), resume_in,
                    std::chrono::milliseconds{1}};
    caf::send_as(caf::actor_cast<caf::actor>(node), to, atom::report_v,
                 report_batch{1, {std::move(one)}});
    self->send(aut, atom::freed_v, slot_return{key.job, 1, 1, life_of(key.epoch)});
  }

  job_progress status(uint64_t job) { return ask<job_progress>(aut, atom::status_v, job); }

  /// The error with which the engine refuses `question`.
  template <class Answer, class... Ts>
  error refusal(Ts&&... question) {
    error why{errc::internal, "it was answered"};
    auto pending = self->request(aut, caf::infinite, std::forward<Ts>(question)...);
    run();
    pending.receive([](const Answer&) {}, [&](const caf::error& e) { why = from_caf(e); });
    return why;
  }

  std::shared_ptr<node_log> work = std::make_shared<node_log>();
  node_actor node = spawn(fake_node, work);
  engine_actor aut;
};

} // namespace penstock::test
