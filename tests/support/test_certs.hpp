#pragma once

#include "config/settings.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace penstock::test {

/// A CA made with config/make-certs.sh, with certificates for some names.
struct test_certs {
  explicit test_certs(std::vector<std::string> names = {"head", "node"}) {
    command c;
    c.args = {"/bin/sh", PENSTOCK_SOURCE_DIR "/config/make-certs.sh", dir / ""};
    c.args.insert(c.args.end(), names.begin(), names.end());
    const auto end = run_to_end(std::move(c));
    BOOST_REQUIRE_MESSAGE(end.code == 0, end.err);
  }

  /// `settings` with the certificate of `name`.
  config::cluster_settings with(config::cluster_settings settings, const std::string& name) const {
    settings.tls_cert = dir / (name + ".pem");
    settings.tls_key = dir / (name + ".key");
    settings.tls_ca = dir / "ca.pem";
    return settings;
  }
  /// The same as options.
  std::vector<std::string> options(const std::string& name) const {
    return {"--tls-cert", dir / (name + ".pem"), "--tls-key", dir / (name + ".key"),
            "--tls-ca",   dir / "ca.pem"};
  }

  temp_dir dir;
};

} // namespace penstock::test
