// HTTPS: handshakes, and who is refused.
#include "tests/support/http_served.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

using namespace penstock;
using namespace penstock::test;
using namespace std::chrono_literals;

namespace {

/// A certificate of its own making and its key, in two files for the length of a test.
struct certificate_files {
  certificate_files() {
    char name[] = "/tmp/penstock_tls_XXXXXX";
    BOOST_REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    EVP_PKEY* k = EVP_EC_gen("P-256");
    X509* x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, k);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_sign(x, k, EVP_sha256());
    FILE* f = std::fopen(certificate().c_str(), "w");
    PEM_write_X509(f, x);
    std::fclose(f);
    f = std::fopen(key().c_str(), "w");
    PEM_write_PrivateKey(f, k, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(f);
    X509_free(x);
    EVP_PKEY_free(k);
  }
  ~certificate_files() { std::filesystem::remove_all(folder); }
  std::string certificate() const { return folder + "/cert.pem"; }
  std::string key() const { return folder + "/key.pem"; }
  io::http_server_options options() const {
    io::http_server_options o;
    o.tls_certificate = certificate();
    o.tls_key = key();
    return o;
  }
  std::string folder;
};

/// A TLS client that trusts everybody.
struct tls_client {
  explicit tls_client(uint16_t port, int version_max = 0, std::string alpn = "") {
    SSL_CTX_set_security_level(context, 0); // Else old versions are not even offered.
    SSL_CTX_set_max_proto_version(context, version_max);
    if (!alpn.empty())
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()),
                              static_cast<unsigned>(alpn.size()));
    fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0);
    ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    connected = SSL_connect(ssl) == 1;
  }
  ~tls_client() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    ::close(fd);
  }
  std::string exchange(const std::string& request, std::string_view last) {
    SSL_write(ssl, request.data(), static_cast<int>(request.size()));
    std::string all;
    char bytes[20000];
    while (!all.ends_with(last)) {
      const int n = SSL_read(ssl, bytes, sizeof bytes);
      if (n <= 0)
        break;
      all.append(bytes, static_cast<size_t>(n));
    }
    return all;
  }
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  int fd = -1;
  bool connected = false;
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_tls)

BOOST_AUTO_TEST_CASE(requests_come_through_tls) {
  const certificate_files files;
  http_served s{files.options(), http_echo};
  tls_client c{s.port(), 0, "\x02h2\x08http/1.1"};
  BOOST_REQUIRE(c.connected);
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(c.ssl, &chosen, &size);
  BOOST_TEST(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
  BOOST_TEST(http_body_of(c.exchange(http_post("one"), "one")) == "one");
  const std::string large = std::string(3'000'000, 'x') + "end";
  BOOST_TEST((http_body_of(c.exchange(http_post(large), "end")) == large));
  tls_client old{s.port(), TLS1_2_VERSION};
  BOOST_REQUIRE(old.connected);
  BOOST_TEST(http_body_of(old.exchange(http_post("two"), "two")) == "two");
}

BOOST_AUTO_TEST_CASE(clients_that_cannot_agree_are_refused) {
  const certificate_files files;
  http_served s{files.options(), http_echo};
  BOOST_TEST(!tls_client(s.port(), TLS1_1_VERSION).connected);
  BOOST_TEST(!tls_client(s.port(), 0, "\x02h2").connected);
  raw_client plain{s.port()};
  plain.send(http_post("secret"));
  plain.read_all();
  BOOST_TEST(plain.received.find("HTTP") == std::string::npos);
  tls_client good{s.port()};
  BOOST_TEST(http_body_of(good.exchange(http_post("good"), "good")) == "good");
  BOOST_TEST(s.stop().tls_failures == 3u);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_stops_is_let_go) {
  const certificate_files files;
  auto o = files.options();
  o.header_timeout = 100ms;
  http_served s{o, http_echo};
  raw_client silent{s.port()};
  silent.send("\x16\x03\x01");
  BOOST_TEST((silent.read_all() != read_end::timeout));
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named) {
  const certificate_files files, others;
  const auto context_of = [](io::http_server_options o) {
    const auto opened = io::http_server::open(std::move(o), http_echo);
    BOOST_REQUIRE(opened.has_error());
    BOOST_TEST((opened.error().code == errc::invalid_config));
    return opened.error().context;
  };
  auto o = files.options();
  o.tls_certificate = "/nowhere/cert.pem";
  BOOST_TEST(context_of(o).find("/nowhere/cert.pem") != std::string::npos);
  o = files.options();
  o.tls_key = "";
  BOOST_TEST(context_of(o).find("private key") != std::string::npos);
  o = files.options();
  std::ofstream{o.tls_certificate} << "no PEM";
  BOOST_TEST(context_of(o).find(o.tls_certificate) != std::string::npos);
  o = others.options();
  const certificate_files third;
  o.tls_key = third.key();
  BOOST_TEST(context_of(o).find(o.tls_key) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
