#include "actors/peer/version_gate.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/cluster_trust.hpp"
#include "actors/peer/peer_link.hpp"
#include "core/base/text.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

namespace {

/// "node build-7/4711 (penstock 0.1.0)". Safe to print, even if the peer sent hostile text.
std::string describe(const peer_hello& who) {
  constexpr size_t length_max = 80;
  return core::clean_text(who.role, length_max) + " " + core::clean_text(who.name, length_max) +
         " (penstock " + core::clean_text(who.version, length_max) + ")";
}

} // namespace

version_gate_actor::behavior_type version_gate(version_gate_actor::pointer, engine_actor engine,
                                               std::function<void(std::string)> announce) {
  return {
    [=](atom::hello, const peer_hello& who) -> caf::result<peer_welcome> {
      if (who.protocol != cluster_protocol) {
        if (announce)
          announce("refused " + describe(who) + ": it speaks protocol " +
                   std::to_string(who.protocol) + ", this head speaks " +
                   std::to_string(cluster_protocol));
        return to_caf({errc::incompatible, "this head speaks protocol " +
                                             std::to_string(cluster_protocol) +
                                             " (penstock " PENSTOCK_VERSION "), you speak " +
                                             std::to_string(who.protocol) + " (penstock " +
                                             core::clean_text(who.version, 80) +
                                             "); run the same version of penstock on both"});
      }
      if (announce)
        announce(describe(who) + " connected");
      return peer_welcome{cluster_protocol, PENSTOCK_VERSION, engine};
    },
  };
}

result<uint16_t> publish(caf::actor_system& sys, const config::cluster_settings& settings,
                         const version_gate_actor& gate) {
  auto at = trusted_address(settings, "cluster.listen", settings.listen);
  if (!at)
    return at.error();
  const auto* config = dynamic_cast<const cluster_config*>(&sys.config());
  if (!config)
    return error{errc::internal, "publish needs an actor system made with a cluster_config"};
  result<uint16_t> port = error{};
  caf::scoped_actor self{sys, true};
  self
    ->request((*config->link)->actor(), caf::infinite, caf::publish_atom::value, at->port,
              caf::actor_cast<caf::strong_actor_ptr>(gate), sys.message_types<version_gate_actor>(),
              at->host, true)
    .receive([&](uint16_t actual) { port = actual; },
             [&](const caf::error&) {
               port = error{errc::io_error, "cannot listen at " + settings.listen +
                                              ": the port is taken, or the address is not of this "
                                              "machine; choose another one with --listen"};
             });
  return port;
}

} // namespace penstock::actors
