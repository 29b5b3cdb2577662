#include "core/io/http/http_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>

namespace penstock::io {

namespace {

SSL_CTX* context_of(void* p) { return static_cast<SSL_CTX*>(p); }
SSL* ssl_of(void* p) { return static_cast<SSL*>(p); }

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a client that has left would raise SIGPIPE.
int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(socket_of(bio), data, static_cast<size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(socket_of(bio), data, static_cast<size_t>(size), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const method = [] {
    auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    if (!m)
      throw std::bad_alloc{};
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_ctrl(m, bio_control);
    return m;
  }();
  return method;
}

/// Takes HTTP/1.1 from the client's list; a client that wants only others is refused.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
    SSL_select_next_proto(&chosen, out_size, ours, sizeof ours - 1, offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::string last_error() {
  char text[160] = "unknown reason";
  if (const auto code = ERR_peek_last_error())
    ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

} // namespace

result<std::shared_ptr<tls_server>> tls_server::open(const std::string& certificate,
                                                     const std::string& key) {
  auto* c = SSL_CTX_new(TLS_server_method());
  if (!c)
    throw std::bad_alloc{};
  std::shared_ptr<tls_server> server{new tls_server{c}};
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                           SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                        SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(c, SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  ERR_clear_error();
  const auto bad = [](const char* what, const std::string& file) {
    return error{errc::invalid_config,
                 std::string{"cannot use the "} + what + " \"" + file + "\": " + last_error()};
  };
  if (SSL_CTX_use_certificate_chain_file(c, certificate.c_str()) != 1)
    return bad("certificate", certificate);
  if (SSL_CTX_use_PrivateKey_file(c, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return bad("private key", key);
  if (SSL_CTX_check_private_key(c) != 1)
    return bad("private key (it belongs to another certificate)", key);
  return server;
}

tls_server::~tls_server() { SSL_CTX_free(context_of(context_)); }

tls_stream::tls_stream(const tls_server& server, int socket)
    : ssl_{SSL_new(context_of(server.context_))} {
  auto* bio = ssl_ ? BIO_new(quiet_socket()) : nullptr;
  if (!bio) {
    SSL_free(ssl_of(ssl_));
    throw std::bad_alloc{};
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_of(ssl_), bio, bio);
  SSL_set_accept_state(ssl_of(ssl_));
}

tls_stream::~tls_stream() { SSL_free(ssl_of(ssl_)); }

tls_step tls_stream::step_of(int code) const {
  if (code > 0)
    return {static_cast<size_t>(code), tls_step::need::nothing};
  const int why = SSL_get_error(ssl_of(ssl_), code);
  ERR_clear_error();
  return {0, why == SSL_ERROR_WANT_READ    ? tls_step::need::read
             : why == SSL_ERROR_WANT_WRITE ? tls_step::need::write
                                           : tls_step::need::closed};
}

tls_step tls_stream::handshake() {
  ERR_clear_error();
  return step_of(SSL_do_handshake(ssl_of(ssl_)));
}

tls_step tls_stream::read(char* data, size_t size) {
  ERR_clear_error();
  return step_of(SSL_read(ssl_of(ssl_), data, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

tls_step tls_stream::write(const char* data, size_t size) {
  ERR_clear_error();
  return step_of(SSL_write(ssl_of(ssl_), data, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

bool tls_stream::has_pending() const { return SSL_has_pending(ssl_of(ssl_)) == 1; }

void tls_stream::say_goodbye() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_of(ssl_)))
    SSL_shutdown(ssl_of(ssl_));
  ERR_clear_error();
}

} // namespace penstock::io
