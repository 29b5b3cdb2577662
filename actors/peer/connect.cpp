#include "actors/peer/connect.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/cluster_trust.hpp"
#include "actors/peer/peer_limits.hpp"
#include "actors/peer/peer_link.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <set>

namespace penstock::actors {

namespace {

/// Why no head could be reached. The error of our connection is clearer than CAF's code.
std::string reason(const caf::error& e, peer_limits& limits) {
  if (auto seen = limits.take_failure(); !seen.empty())
    return seen;
  if (e.context().match_elements<std::string>())
    return e.context().get_as<std::string>(0);
  if (e == caf::sec::request_timeout || e == caf::sec::connection_timeout)
    return "no answer in time";
  return "the connection broke off";
}

} // namespace

result<engine_actor> connect(caf::actor_system& sys, const config::cluster_settings& settings,
                             const std::string& role, const std::string& name, duration timeout) {
  auto at = trusted_address(settings, "cluster.head", settings.head);
  if (!at)
    return at.error();
  const auto* config = dynamic_cast<const cluster_config*>(&sys.config());
  if (!config)
    return error{errc::internal, "connect needs an actor system made with a cluster_config"};
  const auto nobody = [&](const std::string& why) {
    return error{errc::connection_failed,
                 "no head answers at " + settings.head + " (" + why +
                   "); is `penstock serve` running there" +
                   (uses_tls(settings) ? ", with certificates of the same CA?" : ", without TLS?")};
  };
  caf::scoped_actor self{sys, true};
  version_gate_actor gate;
  error wrong;
  config->limits->take_failure(); // Forget the failure of an earlier attempt.
  self->request((*config->link)->actor(), timeout, caf::connect_atom::value, at->host, at->port)
    .receive(
      [&](const caf::node_id&, caf::strong_actor_ptr& found, const std::set<std::string>& speaks) {
        const auto needed = sys.message_types<version_gate_actor>();
        if (found && std::includes(speaks.begin(), speaks.end(), needed.begin(), needed.end()))
          gate = caf::actor_cast<version_gate_actor>(std::move(found));
        else
          wrong = {errc::incompatible, settings.head + " is no head of penstock"};
      },
      [&](const caf::error& e) { wrong = nobody(reason(e, *config->limits)); });
  if (!gate)
    return wrong;
  result<engine_actor> engine = error{};
  self
    ->request(gate, timeout, atom::hello_v,
              peer_hello{cluster_protocol, PENSTOCK_VERSION, role, name})
    .receive(
      [&](peer_welcome& welcome) {
        if (welcome.protocol == cluster_protocol && welcome.engine)
          engine = std::move(welcome.engine);
        else
          engine = error{errc::incompatible, "the head at " + settings.head + " speaks protocol " +
                                               std::to_string(welcome.protocol) + ", we speak " +
                                               std::to_string(cluster_protocol) +
                                               " (penstock " PENSTOCK_VERSION ")"};
      },
      [&](const caf::error& e) {
        engine = e.category() == error_category ? from_caf(e) : nobody(reason(e, *config->limits));
      });
  return engine;
}

} // namespace penstock::actors
