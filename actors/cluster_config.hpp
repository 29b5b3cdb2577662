#pragma once

#include "config/settings.hpp"
#include "messages/system_config.hpp"

namespace penstock::actors {

/// The configuration of an actor system whose actors may live in several processes: Penstock's
/// messages, CAF's middleman with heartbeats on, and TLS if `settings` name certificates.
struct cluster_config : system_config {
  explicit cluster_config(const config::cluster_settings& settings);
};

} // namespace penstock::actors
