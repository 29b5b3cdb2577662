#pragma once

#include "config/settings.hpp"
#include "messages/system_config.hpp"

#include <functional>
#include <memory>
#include <string>

namespace penstock::actors {

class peer_limits;
class peer_link;

/// The configuration of an actor system that speaks with other processes: Penstock's messages,
/// CAF's middleman with heartbeats, and TLS if `settings` name certificates.
struct cluster_config : system_config {
  explicit cluster_config(const config::cluster_settings& settings);

  /// Sets the receiver of lines about refused connections. Without it they are not logged.
  void announce_by(std::function<void(std::string)> sink) const;

  std::shared_ptr<peer_limits> limits; ///< Shared by all connections of its systems.
  std::shared_ptr<peer_link*> link;    ///< Of the system made with this configuration.
};

} // namespace penstock::actors
