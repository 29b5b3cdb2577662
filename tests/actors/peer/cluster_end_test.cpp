#define BOOST_TEST_MODULE cluster_end

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/connect.hpp"
#include "actors/peer/version_gate.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

// CAF's broker never frees messages that come after its end. If one of them holds an actor with its
// own thread, the end of the system waits for that thread for ever.
BOOST_AUTO_TEST_CASE(an_actor_with_a_thread_of_its_own_that_others_know_may_end_last) {
  config::cluster_settings settings;
  settings.listen = "127.0.0.1:0";
  actors::cluster_config config{settings};
  std::optional<caf::actor_system> sys{std::in_place, config};
  auto engine = sys->spawn<caf::detached>(fake_engine, std::make_shared<engine_log>());
  auto gate = sys->spawn(actors::version_gate, engine, [](std::string) {});
  const auto port = actors::publish(*sys, settings, gate);
  BOOST_REQUIRE(port);

  auto theirs = settings;
  theirs.head = "127.0.0.1:" + std::to_string(*port);
  actors::cluster_config their_config{theirs};
  caf::actor_system their_sys{their_config};
  auto seen = actors::connect(their_sys, theirs, "client", "test", patience);
  BOOST_REQUIRE(seen);
  {
    // By then the first message on this connection has arrived: the broker of the head monitors its
    // engine.
    caf::scoped_actor self{their_sys, true};
    self->request(*seen, patience, atom::nodes_v)
      .receive([](const std::vector<node_info>&) {},
               [&](const caf::error& e) { BOOST_ERROR(their_sys.render(e)); });
  }
  // The monitors of an actor learn of its end one after the other. This one is slow, so all others
  // wait.
  engine->attach_functor([] { std::this_thread::sleep_for(300ms); });
  caf::anon_send_exit(gate, caf::exit_reason::kill);
  caf::anon_send_exit(engine, caf::exit_reason::kill);
  engine = nullptr;
  gate = nullptr;
  sys.reset();
}
