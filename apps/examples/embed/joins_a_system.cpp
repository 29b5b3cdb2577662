// A program with its own actors. The engine runs in the same actor system or at a head. Actors send
// messages to it. The actor below submits a job and takes its outcomes at its own pace, by credits.
//   joins_a_system             with an engine in this actor system
//   joins_a_system HOST:PORT   with the engine of a head; the actor is the same
#include <penstock/actors/peer/cluster_config.hpp>
#include <penstock/actors/peer/connect.hpp>
#include <penstock/actors/supervisor/spawn_engine.hpp>
#include <penstock/core/jsonl/make_request.hpp>
#include <penstock/core/jsonl/outcome_line.hpp>
#include <penstock/messages/errors.hpp>
#include <penstock/messages/interfaces.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <optional>
#include <string>

namespace {

using namespace penstock;

/// A head with a store on disk sends lines, an engine in memory outcomes.
result<core::outcome> outcome_of(const sink_item& item) {
  return item.outcome ? result<core::outcome>{*item.outcome} : core::parse_outcome_line(*item.line);
}

submission thousand_questions() {
  submission job;
  job.name = "embed example";
  for (int i = 0; i < 1000; ++i)
    job.requests.push_back(make_shared_value(core::make_request(
      "q" + std::to_string(i),
      R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":"What is )" +
        std::to_string(i) + R"( squared?"}]})")));
  return job;
}

struct asker_state {
  uint64_t job = 0;
  uint64_t completed = 0, other = 0;
};

/// Submits a job, counts its outcomes, and tells `report_to` how many were completed.
outcome_taker_actor::behavior_type asker(outcome_taker_actor::stateful_pointer<asker_state> self,
                                         engine_actor engine, caf::actor report_to) {
  const auto give_up = [self, report_to](const caf::error& e) {
    caf::anon_send(report_to, "failed: " + to_string(from_caf(e)));
    self->quit();
  };
  // If the engine or the connection ends, this actor must not wait for ever.
  self->set_down_handler([give_up](const caf::down_msg& down) {
    give_up(down.reason ? down.reason : caf::make_error(caf::sec::runtime_error));
  });
  self->monitor(engine);
  self->request(engine, std::chrono::seconds{60}, atom::submit_v, thousand_questions())
    .then(
      [self, engine](const job_ticket& ticket) {
        self->state.job = ticket.job;
        // A page has at most 100 outcomes. The next one comes after the credit is given back.
        self->send(engine, atom::subscribe_v, subscription{ticket.job, 0, 100});
      },
      give_up);
  return {
    [self, engine, report_to](atom::outcomes, const results_page& page) {
      for (auto& item : page.items) {
        const auto outcome = outcome_of(item);
        const bool good = outcome && outcome->state == core::outcome_state::completed;
        ++(good ? self->state.completed : self->state.other);
      }
      if (!page.end) {
        self->send(engine, atom::credit_v, page.job, static_cast<uint32_t>(page.items.size()));
        return;
      }
      caf::anon_send(report_to, std::to_string(self->state.completed) + " completed, " +
                                  std::to_string(self->state.other) + " not");
      self->quit();
    },
  };
}

} // namespace

int main(int argc, char** argv) {
  config::cluster_settings cluster;
  if (argc > 1)
    cluster.head = argv[1];
  // A cluster_config is an actor_system_config with our messages and the connection to a head. A
  // program with its own configuration calls penstock::add_messages on it instead. An engine in
  // the same process needs no more.
  actors::cluster_config config{cluster};
  caf::actor_system system{config};

  std::optional<running_engine> ours;
  engine_actor engine;
  if (argc > 1) {
    auto found =
      actors::connect(system, cluster, "client", "joins_a_system", std::chrono::seconds{10});
    if (!found) {
      std::fprintf(stderr, "%s\n", to_string(found.error()).c_str());
      return 1;
    }
    engine = *found;
  } else {
    config::settings settings;
    settings.upstream.protocol = "null";
    auto spawned = spawn_engine(system, settings);
    if (!spawned) {
      std::fprintf(stderr, "%s\n", to_string(spawned.error()).c_str());
      return 1;
    }
    ours = *spawned;
    engine = ours->engine;
  }

  bool good = false;
  {
    caf::scoped_actor self{system, true};
    system.spawn(asker, engine, caf::actor_cast<caf::actor>(self));
    self->receive([&](const std::string& report) {
      std::printf("%s\n", report.c_str());
      good = report == "1000 completed, 0 not";
    });
  }
  engine = nullptr;
  if (ours) // Stop the engine first, then the system.
    stop_engine(system, *ours);
  return good ? 0 : 1;
}
