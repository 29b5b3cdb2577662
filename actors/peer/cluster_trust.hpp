#pragma once

#include "config/endpoint.hpp"
#include "config/settings.hpp"

namespace penstock::actors {

/// Whether connections of the cluster use TLS.
bool uses_tls(const config::cluster_settings& settings);

/// Checks the certificate files before the first connection: all three are named or none, they can
/// be read, the key belongs to the certificate, and the CA signed the certificate.
/// @returns `invalid_config` with key, file, reason and remedy.
result<void> check_certificates(const config::cluster_settings& settings);

/// Parses the address to listen at (`key` is "cluster.listen") or to connect to ("cluster.head").
/// Refuses an address that is not on this machine if there are no certificates.
result<config::endpoint> trusted_address(const config::cluster_settings& settings,
                                         const std::string& key, const std::string& address);

} // namespace penstock::actors
