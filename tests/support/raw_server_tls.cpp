#include "tests/support/raw_server.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

namespace penstock::test {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;

void check(bool ok, const char* what) {
  if (!ok)
    throw std::runtime_error{std::string{"OpenSSL: "} + what};
}

std::string content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

void add_extension(X509* certificate, int nid, const char* value) {
  std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> extension{
    X509V3_EXT_conf_nid(nullptr, nullptr, nid, value)};
  check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

} // namespace

tls_identity make_tls_identity() {
  const key_ptr key{EVP_EC_gen("P-256")};
  const x509_ptr certificate{X509_new()};
  check(key && certificate, "key");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>("penstock test");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  check(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0, "signature");
  const bio_ptr pem{BIO_new(BIO_s_mem())};
  const bio_ptr secret{BIO_new(BIO_s_mem())};
  check(PEM_write_bio_X509(pem.get(), certificate.get()) == 1, "certificate");
  check(PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
          1,
        "key");
  return {content(pem.get()), content(secret.get())};
}

void use_identity(SSL_CTX* context, const tls_identity& identity) {
  const bio_ptr pem{
    BIO_new_mem_buf(identity.certificate.data(), static_cast<int>(identity.certificate.size()))};
  const bio_ptr secret{BIO_new_mem_buf(identity.key.data(), static_cast<int>(identity.key.size()))};
  const x509_ptr certificate{PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr)};
  const key_ptr key{PEM_read_bio_PrivateKey(secret.get(), nullptr, nullptr, nullptr)};
  check(SSL_CTX_use_certificate(context, certificate.get()) == 1, "use certificate");
  check(SSL_CTX_use_PrivateKey(context, key.get()) == 1, "use key");
}

} // namespace penstock::test
