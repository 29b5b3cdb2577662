#pragma once

#include "messages/interfaces.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

namespace penstock::test {

/// An actor system with a virtual clock that runs messages only on demand: `run` handles all
/// messages, `advance` moves the clock. Actors of `spawn` are killed at the end, because the system
/// waits for living actors.
class deterministic_system {
public:
  deterministic_system() {
    // Not zero, because code may compare with a default time point.
    sched.clock().current_time += std::chrono::hours{1};
  }

  ~deterministic_system() {
    for (auto& actor : spawned_)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    sched.run();
    while (sched.trigger_timeouts() > 0)
      sched.run();
  }

  template <class... Ts>
  auto spawn(Ts&&... xs) {
    auto actor = sys.spawn(std::forward<Ts>(xs)...);
    spawned_.push_back(caf::actor_cast<caf::actor>(actor));
    return actor;
  }

  /// Handles all messages without advancing the time.
  void run() { sched.run(); }

  /// Advances the time, timer by timer, and handles all messages after each timer.
  void advance(caf::timespan span) {
    const auto end = now() + span;
    while (auto next = next_timer()) {
      if (*next > end)
        break;
      sched.trigger_timeout();
      sched.run();
    }
    sched.clock().current_time = end;
    sched.run();
  }

  /// Time of the next timer, if there is one.
  std::optional<time_point> next_timer() {
    auto& timers = sched.clock().schedule();
    return timers.empty() ? std::nullopt : std::optional{timers.begin()->first};
  }

  time_point now() { return sched.clock().now(); }

  /// Sends a request and returns the answer, which must come without advancing the time.
  template <class Result, class Handle, class... Ts>
  Result ask(const Handle& to, Ts&&... xs) {
    auto pending = self->request(to, caf::infinite, std::forward<Ts>(xs)...);
    sched.run();
    Result result{};
    pending.receive([&](Result& r) { result = std::move(r); },
                    [&](const caf::error& e) { BOOST_FAIL("error: " << caf::to_string(e)); });
    return result;
  }

private:
  struct config : system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  config config_;

public:
  caf::actor_system sys{config_};
  caf::scheduler::test_coordinator& sched =
    dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  caf::scoped_actor self{sys, true};

private:
  std::vector<caf::actor> spawned_;
};

} // namespace penstock::test
