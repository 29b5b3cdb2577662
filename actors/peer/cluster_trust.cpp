#include "actors/peer/cluster_trust.hpp"

#include "config/text.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace penstock::actors {

namespace {

struct named_file {
  const char* key;
  const std::string& path;
};

/// The last error of OpenSSL.
std::string reason() {
  const auto code = ERR_peek_last_error();
  const auto* text = ERR_reason_error_string(code);
  return text ? text : "unreadable";
}

error wrong(const named_file& file, const std::string& why) {
  return {errc::invalid_config,
          std::string{file.key} + ": " + config::in_quotes(file.path) + ": " + why};
}

/// Whether the CA signed the certificate. Other processes check that, too.
std::string verify(SSL_CTX* context) {
  auto* store = SSL_CTX_get_cert_store(context);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check{X509_STORE_CTX_new(),
                                                                              X509_STORE_CTX_free};
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  if (X509_STORE_CTX_init(check.get(), store, SSL_CTX_get0_certificate(context), chain) != 1)
    return "cannot be checked";
  if (X509_verify_cert(check.get()) == 1)
    return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

constexpr const char* three =
  "set all three of cluster.tls_cert, cluster.tls_key and cluster.tls_ca "
  "(--tls-cert, --tls-key, --tls-ca), or none of them";

} // namespace

bool uses_tls(const config::cluster_settings& s) {
  return !s.tls_cert.empty() && !s.tls_key.empty() && !s.tls_ca.empty();
}

result<void> check_certificates(const config::cluster_settings& s) {
  const named_file cert{"cluster.tls_cert", s.tls_cert}, key{"cluster.tls_key", s.tls_key},
    ca{"cluster.tls_ca", s.tls_ca};
  if (s.tls_cert.empty() && s.tls_key.empty() && s.tls_ca.empty())
    return {};
  for (const auto& file : {cert, key, ca}) {
    if (file.path.empty())
      return error{errc::invalid_config, std::string{file.key} + " is missing: " + three};
    if (::access(file.path.c_str(), R_OK) != 0)
      return wrong(file, std::strerror(errno));
  }
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_method()),
                                                                  SSL_CTX_free};
  auto* c = context.get();
  // Without this, OpenSSL would ask for the passphrase of a key on the terminal.
  SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(c, cert.path.c_str()) != 1)
    return wrong(cert, "is no certificate in PEM form (" + reason() + ")");
  if (SSL_CTX_use_PrivateKey_file(c, key.path.c_str(), SSL_FILETYPE_PEM) != 1) {
    const auto why = reason();
    return wrong(key, why == "key values mismatch"
                        ? "is not the key of the certificate " + config::in_quotes(cert.path)
                        : "is no private key in PEM form without a passphrase (" + why + ")");
  }
  if (SSL_CTX_check_private_key(c) != 1)
    return wrong(key, "is not the key of the certificate " + config::in_quotes(cert.path));
  if (SSL_CTX_load_verify_locations(c, ca.path.c_str(), nullptr) != 1)
    return wrong(ca, "holds no certificate in PEM form (" + reason() + ")");
  if (const auto why = verify(c); !why.empty())
    return wrong(cert, "the CA of cluster.tls_ca (" + config::in_quotes(ca.path) +
                         ") does not stand for it: " + why);
  return {};
}

result<config::endpoint> trusted_address(const config::cluster_settings& s, const std::string& key,
                                         const std::string& address) {
  auto at = config::parse_endpoint(address);
  if (!at)
    return error{errc::invalid_config,
                 key + " must be HOST:PORT, is " + config::in_quotes(address)};
  if (auto files = check_certificates(s); !files)
    return files.error();
  if (!uses_tls(s) && !config::is_loopback_host(at->host))
    return error{errc::invalid_config,
                 key + ": " + address +
                   " is beyond this machine, and without certificates anybody could "
                   "join, read and submit there; " +
                   three + " (config/make-certs.sh makes some to try with), or keep to 127.0.0.1"};
  return *at;
}

} // namespace penstock::actors
