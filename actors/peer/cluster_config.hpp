#pragma once

#include "config/settings.hpp"
#include "messages/system_config.hpp"

#include <functional>
#include <memory>
#include <string>

namespace penstock::actors {

class peer_limits;
class peer_link;

/// The configuration of an actor system whose actors may live in several processes: Penstock's
/// messages, CAF's middleman with heartbeats on, and TLS if `settings` name certificates.
struct cluster_config : system_config {
  explicit cluster_config(const config::cluster_settings& settings);

  /// Where lines about connections that were refused go; nowhere if never called.
  void announce_by(std::function<void(std::string)> sink) const;

  std::shared_ptr<peer_limits> limits; ///< Of all connections of the systems made with it.
  std::shared_ptr<peer_link*> link;    ///< Of the system made with it.
};

} // namespace penstock::actors
