#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace penstock::test {

/// A self-signed server certificate for 127.0.0.1 and localhost, made for this process.
struct tls_identity {
  std::string certificate; ///< PEM; it is its own CA.
  std::string key;         ///< PEM.
};
tls_identity make_tls_identity();

/// The reaction of the server to one request.
struct raw_reply {
  /// What happens after the last byte.
  enum class ending : uint8_t { keep, close, reset, hang };
  std::string bytes = {};        ///< Sent unchanged, even if it is not valid HTTP.
  ending after = ending::keep;   ///< `keep` waits for the next request, `hang` ignores it.
  uint32_t drip_interval_ms = 0; ///< If set, sends one byte per interval.
  bool endless = false;          ///< Repeats the last 4 KiB of `bytes` until the client closes.
};

/// "HTTP/1.1 200 OK" with a Content-Length.
raw_reply ok_reply(std::string body, std::string extra_headers = {});

/// One request as it arrived.
struct raw_request {
  size_t index = 0;         ///< Over all connections, from 0.
  size_t on_connection = 0; ///< Requests before it on its connection.
  std::string head;         ///< Request line and headers.
  std::string body;
};

/// A scriptable HTTP/1.1 server on a loopback port, on its own thread. It can break every rule of
/// HTTP. It counts complete requests.
class raw_server {
public:
  /// Answers a request; called on the server's thread.
  using script = std::function<raw_reply(const raw_request&)>;

  explicit raw_server(script answer);
  /// The same over TLS.
  raw_server(script answer, const tls_identity& identity);
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  /// "http://127.0.0.1:port/path", or https.
  std::string url(const std::string& path = "/v1/chat/completions") const;
  uint16_t port() const noexcept;
  size_t requests() const noexcept;    ///< Complete requests so far.
  size_t connections() const noexcept; ///< Connections accepted so far.

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::test
