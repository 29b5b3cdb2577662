#include "actors/peer/cluster_config.hpp"

#include "actors/peer/cluster_trust.hpp"
#include "actors/peer/peer_limits.hpp"
#include "actors/peer/peer_link.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

namespace penstock::actors {

cluster_config::cluster_config(const config::cluster_settings& settings) {
  load<caf::io::middleman>();
  // The engine watches nodes by the heartbeats of their actors. CAF's heartbeat only has to close
  // dead connections and to notice a lost head.
  const auto timeout = settings.lost_after + 2 * settings.heartbeat;
  set("middleman.heartbeat-interval", caf::timespan{settings.heartbeat});
  set("middleman.connection-timeout", caf::timespan{timeout});
  set("middleman.workers",
      size_t{0}); // Workers could change the order of messages, and have no use here.
  set("middleman.app-identifiers", std::vector<std::string>{"penstock"});
  const auto tls = uses_tls(settings);
  if (tls) {
    load<caf::openssl::manager>();
    openssl_certificate = settings.tls_cert;
    openssl_key = settings.tls_key;
    openssl_cafile = settings.tls_ca;
  }
  peer_bounds bounds;
  bounds.handshake = timeout;
  limits = std::make_shared<peer_limits>(bounds);
  link = peer_link::install(*this, limits, tls);
}

void cluster_config::announce_by(std::function<void(std::string)> sink) const {
  limits->announce_by(std::move(sink));
}

} // namespace penstock::actors
