#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::io {

/// The address and limits of an HTTP server. A limit is checked before so many bytes are in memory.
struct http_server_options {
  std::string host = "127.0.0.1";   ///< A numeric address.
  uint16_t port = 0;                ///< 0: any free one.
  uint64_t body_max = 64u << 20;    ///< Bytes of a request body; more answers 413.
  uint32_t header_max = 32u << 10;  ///< Bytes of a request's header; more answers 431.
  uint32_t connections_max = 16384; ///< More are accepted and closed at once.
  /// Connections of one client address; more are accepted and closed at once. 0: no limit.
  uint32_t connections_per_address = 0;
  /// Between requests, or while a client reads nothing.
  duration idle_timeout = std::chrono::seconds{120};
  /// From the first byte of a request to its last; else 408.
  duration request_timeout = std::chrono::seconds{30};
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
  uint64_t bytes_in = 0;                    ///< Received.
  uint64_t bytes_out = 0;                   ///< Given to the kernel.
};

/// A complete answer, or the head of a streamed one.
struct http_reply {
  int status = 200;
  std::string content_type = "application/json"; ///< Empty: no such header.
  std::string headers;                           ///< More lines, each made by `add_header`.
  std::string body;
};

/// Appends "name: value" and a line end. Control characters in `value` become blanks, so that a
/// value cannot begin another header.
void add_header(std::string& headers, std::string_view name, std::string_view value);

class http_connection;

/// One request and the right to answer it, once. A copyable handle; all functions may be called
/// from any thread. After the connection is gone, or the answer is given, they do nothing. Views
/// of the request are valid until the answer is given.
/// An exchange without an answer keeps its connection until the client leaves.
class http_exchange {
public:
  http_exchange() = default;
  http_exchange(std::shared_ptr<http_connection> c, uint64_t serial)
      : connection_(std::move(c)), serial_(serial) {}

  std::string_view method() const;
  std::string_view target() const;                      ///< Path and query as sent.
  std::string_view header(std::string_view name) const; ///< Any case; empty if absent.
  std::string_view body() const;
  uint64_t connection() const; ///< Serial number of the connection, from 1.
  uint32_t ordinal() const;    ///< Place of the request on its connection, from 1.

  /// Sends the complete answer.
  void reply(http_reply r) const;
  /// Begins an answer of unknown length; `write` and `end` follow. A body in `head` is its first
  /// piece.
  void begin(http_reply head) const;
  /// Sends a piece. `written(false)`: the client is gone. The next piece may wait for it, which
  /// bounds memory by one piece.
  void write(std::string bytes, std::function<void(bool alive)> written = {}) const;
  void end() const;
  /// Calls `f` if the connection breaks before the end of the answer.
  void on_closed(std::function<void()> f) const;

private:
  friend struct http_internals;
  std::shared_ptr<http_connection> connection_;
  uint64_t serial_ = 0;
};

/// An HTTP/1.1 server with one thread: keep-alive, pipelining, chunked bodies, `Expect`,
/// streamed answers. Handlers run on the thread of `run` and must not block; they answer at once
/// or later. `begin` and `reply` write the headers for the framing.
class http_server {
public:
  using handler = std::function<void(http_exchange)>;

  /// Binds and listens. @returns `errc::io_error` with the address if that fails.
  static result<std::unique_ptr<http_server>> open(http_server_options options, handler handle);
  ~http_server();

  uint16_t port() const noexcept;
  /// Serves until `stop`, or until `drain` has ended.
  void run();
  /// Closes everything. Call it from any thread.
  void stop();
  /// Accepts no more connections, closes idle ones, and lets exchanges in flight finish, at most
  /// for `grace`; then it closes the rest. Call it from any thread.
  void drain(duration grace = duration::max());
  /// Runs `f` on the server's thread. Call it from any thread; ignored after the end of `run`.
  void post(std::function<void()> f);
  /// Runs `f` on the server's thread `d` from now. Only on that thread.
  void after(duration d, std::function<void()> f);
  /// Only on the server's thread, or when `run` is not running.
  const http_server_counters& counters() const noexcept;

  struct impl; ///< Hidden: Boost.Asio.

private:
  friend struct http_internals;
  explicit http_server(std::shared_ptr<impl> i);
  std::shared_ptr<impl> impl_;
};

} // namespace penstock::io
