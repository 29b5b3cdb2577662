#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/io/http/http_exchange.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::io {

/// The address and limits of an HTTP server. A limit is checked before so many bytes are in memory.
struct http_server_options {
  std::string host = "127.0.0.1";   ///< A numeric address.
  uint16_t port = 0;                ///< 0: any free one.
  std::string tls_certificate = {}; ///< PEM file with the chain. Empty: no TLS.
  std::string tls_key = {};         ///< PEM file of its private key.
  uint32_t threads = 1;             ///< Connections are spread over them.
  uint64_t body_max = 64u << 20;    ///< Bytes of a request body; more answers 413.
  uint32_t header_max = 32u << 10;  ///< Bytes of a request's header; more answers 431.
  uint32_t target_max = 8u << 10;   ///< Bytes of path and query; more answers 414.
  uint32_t connections_max = 16384; ///< More are accepted and closed at once.
  /// Connections of one client address; more are closed at once. 0: no limit.
  uint32_t connections_per_address = 0;
  /// Requests of one client address in flight; more answer 429. 0: no limit.
  uint32_t requests_per_address = 0;
  uint64_t unsent_max = 64u << 20; ///< Bytes of a streamed answer that may wait for its client.
  /// Between requests, between two parts of a body, or of a reader that takes nothing.
  duration idle_timeout = std::chrono::seconds{120};
  /// From the first byte of a request to the end of its header, and of a TLS handshake.
  duration header_timeout = std::chrono::seconds{30};
  /// From the end of the header to the last byte of the body, and one second more for each
  /// `body_rate_min` bytes. A client that is slower gets 408.
  duration request_timeout = std::chrono::seconds{30};
  uint32_t body_rate_min = 16u << 10;
};

/// Counters of a server since its start.
struct http_server_counters {
  uint64_t connections = 0;         ///< Accepted.
  uint64_t connections_open = 0;    ///< Open now.
  uint64_t connections_refused = 0; ///< Above a limit.
  uint64_t requests = 0;            ///< Completely read.
  uint64_t requests_on_reused = 0;  ///< Requests that are not the first of their connection.
  uint64_t requests_per_connection_max = 0; ///< Largest number on one connection.
  uint64_t bad_requests = 0;                ///< Not HTTP, or above a limit.
  uint64_t timeouts = 0;                    ///< Closed because idle or slow.
  uint64_t tls_failures = 0;                ///< Handshakes that failed.
  uint64_t unsent_peak = 0;                 ///< The most bytes that waited for one client.
  uint64_t bytes_in = 0;                    ///< Received, after decryption.
  uint64_t bytes_out = 0;                   ///< Handed to the kernel, before encryption.
};

/// An HTTP/1.1 server: keep-alive, pipelining, chunked bodies, `Expect`, bodies and answers that
/// stream, TLS 1.2 and later. Handlers, planners and sinks run on the thread of their connection
/// and must not block; handlers answer at once or later. With more than one thread, handlers of
/// different connections run at the same time. The server writes the framing itself.
class http_server {
public:
  /// Gets a request whose body has arrived whole.
  using handler = std::function<void(http_exchange)>;
  /// Gets a request whose header has arrived, and says what becomes of its body. It may answer
  /// already; the handler then does not get the request.
  using planner = std::function<http_body_plan(const http_exchange&)>;

  /// Binds and listens. @returns `errc::io_error` with the address if that fails, and
  /// `errc::invalid_config` for an address or certificate that cannot be used.
  static result<std::unique_ptr<http_server>> open(http_server_options options, handler handle,
                                                   planner plan = {});
  ~http_server();

  uint16_t port() const noexcept;
  /// Serves until `stop`, or until `drain` has ended. The calling thread is the first of the
  /// server's threads.
  void run();
  /// Closes everything. Call it from any thread.
  void stop();
  /// Accepts no more, closes idle connections, and lets what is in flight finish, at most for
  /// `grace`; then closes the rest. Any thread.
  void drain(duration grace = duration::max());
  /// Runs `f` on the first thread. Call it from any thread; ignored after the end of `run`.
  void post(std::function<void()> f);
  /// Runs `f` on the first thread `d` from now. Any thread.
  void after(duration d, std::function<void()> f);
  /// Any thread.
  http_server_counters counters() const;

  struct impl; ///< One thread. Hidden: Boost.Asio.

private:
  friend struct http_internals;
  explicit http_server(std::vector<std::shared_ptr<impl>> loops);
  std::vector<std::shared_ptr<impl>> loops_; ///< At least one.
};

} // namespace penstock::io
