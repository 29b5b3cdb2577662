#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <memory>
#include <string>

// Internal to core/io/http.
namespace penstock::io {

/// What a read or write without blocking came to.
struct tls_step {
  enum class need : uint8_t { nothing, read, write, closed };
  size_t bytes = 0;
  need next = need::nothing; ///< Wait for the socket in this direction and try again.
};

/// Certificate and key of a server. Shared by its connections.
class tls_server {
public:
  /// @returns `invalid_config` naming the file that cannot be used.
  static result<std::shared_ptr<tls_server>> open(const std::string& certificate,
                                                  const std::string& key);
  ~tls_server();
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

private:
  friend class tls_stream;
  explicit tls_server(void* context) : context_{context} {}
  void* context_; ///< SSL_CTX
};

/// The server's end of one TLS connection over a socket that does not block, whose owner waits for
/// readiness. Raises no SIGPIPE.
class tls_stream {
public:
  tls_stream(const tls_server& server, int socket);
  ~tls_stream();
  tls_stream(const tls_stream&) = delete;
  tls_stream& operator=(const tls_stream&) = delete;

  tls_step handshake();
  tls_step read(char* data, size_t size);
  tls_step write(const char* data, size_t size);
  bool has_pending() const; ///< Bytes are decrypted already: the socket need not become readable.
  void say_goodbye();

private:
  tls_step step_of(int code) const;
  void* ssl_; ///< SSL
};

} // namespace penstock::io
