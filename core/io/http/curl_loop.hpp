#pragma once

#include "core/base/defaults.hpp"
#include "core/base/error.hpp"
#include "core/base/exchange.hpp"
#include "core/base/http.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::io {

/// The options of a loop.
struct curl_loop_settings {
  duration connect_timeout = core::defaults::connect_timeout;
  /// How many connections to be ready for. More in flight than this works: the loop then opens as
  /// many as it needs, for a connection that is thrown away costs five times a request.
  uint32_t connections_max = 1024;
  bool verify_certificates = true;
  std::string ca_file = {}; ///< PEM bundle instead of the system's; empty: system.
  std::string user_agent = "penstock";
  uint32_t loops = 0; ///< Threads; 0: one per 1,024 connections, at most one per core.
};

/// The libcurl multi loop on its own threads: connection reuse, HTTP/2 multiplexing over TLS,
/// proxies from the environment, cancellation. It never sends a request twice: libcurl's silent
/// re-send on a reused connection that died is aborted and reported as `stale_connection`, whose
/// `sent` tells whether the upstream may have seen the request. Redirects are not followed.
/// Answers are decompressed; `body_max` counts the bytes after that.
///
/// Thread-safe. Completions are delivered in batches, on a loop's thread, one call per round; with
/// several loops `deliver` is called from several threads at once. It may call `submit` and
/// `cancel`, but must not destroy the loop, and should not throw: an exception is dropped with the
/// batch. A loop that breaks (no file descriptors, no memory) completes all exchanges with a
/// failure that says why.
class curl_loop {
public:
  using deliver_fn = std::function<void(std::vector<core::completion>)>;

  /// Starts the threads. @throws std::system_error if the system gives none.
  curl_loop(curl_loop_settings settings, deliver_fn deliver);
  /// Stops at once. Exchanges in flight are aborted without a completion.
  ~curl_loop();
  curl_loop(const curl_loop&) = delete;
  curl_loop& operator=(const curl_loop&) = delete;

  /// Starts exchanges. One wake-up per batch, and none while the loop is busy.
  void submit(std::vector<core::exchange> batch);
  /// Aborts one exchange; its completion says `cancelled`. Unknown ids are ignored.
  void cancel(uint64_t id);
  /// Allows `bytes` more of a body that is delivered in parts (`core::exchange::parts`). While an
  /// exchange has no credit, nothing more is read from its upstream. Unknown ids are ignored.
  void grant(uint64_t id, uint64_t bytes);
  /// Exchanges submitted and not yet completed.
  size_t in_flight() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::io
