#pragma once

#include "config/endpoint.hpp"
#include "config/settings.hpp"

namespace penstock::actors {

/// Whether connections of a cluster are made by TLS.
bool uses_tls(const config::cluster_settings& settings);

/// Looks the certificate files through before anybody connects: all three are named or none, they
/// can be read, the key belongs to the certificate, and the CA that others are measured by stands
/// for the certificate too.
/// @returns `invalid_config` with key, file, reason and remedy.
result<void> check_certificates(const config::cluster_settings& settings);

/// Where to listen (`key` is "cluster.listen") or to connect to ("cluster.head"), and whether that
/// may be done with these settings: without certificates only on this machine.
result<config::endpoint> trusted_address(const config::cluster_settings& settings,
                                         const std::string& key, const std::string& address);

} // namespace penstock::actors
