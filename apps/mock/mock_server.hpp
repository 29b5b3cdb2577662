#pragma once

#include "apps/mock/lying_server.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/mock/mock_stats.hpp"
#include "core/base/error.hpp"

#include <memory>
#include <string>

namespace penstock::mock {

/// A provider in this process, on a loopback port and its own thread, with the limits, latency,
/// faults and statistics of `options`. Endpoints in addition to those of the provider:
///
///   GET /healthz, GET /stats?since=20&series=0, POST /stats/reset,
///   POST /faults {"faults": [...]}  (replaces all), POST /limits {"rpm": ...}
///
/// A request may bring its own fault: header `x-mock-fault: 429_ra:2,first=1`, or anywhere in its
/// body `[[mock:429_ra:2,first=1]]`. Without `first` every attempt gets it.
class mock_server {
public:
  /// Starts to listen. @returns `errc::io_error` if the port is taken.
  static result<std::unique_ptr<mock_server>> start(mock_options options);
  ~mock_server();

  uint16_t port() const;
  /// "http://127.0.0.1:8080".
  std::string origin() const;
  /// The base URL for an OpenAI client: the origin and "/v1".
  std::string base_url() const;

  // The following may be called from any thread, also after `stop`.
  mock_stats stats() const;                                            ///< A copy of the counters.
  std::string stats_json(size_t since = 0, bool series = false) const; ///< As GET /stats.
  lying_counters connections() const;
  void set_faults(std::vector<fault_rule> rules); ///< Replaces all.
  void set_limits(const limiter_options& o);
  void reset_stats();
  /// Stops listening, closes open connections and joins the thread.
  void stop();

private:
  struct impl;
  explicit mock_server(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::mock
