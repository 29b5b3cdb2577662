#pragma once

#include "apps/mock/lying_server.hpp"
#include "apps/mock/mock_options.hpp"
#include "apps/mock/mock_stats.hpp"
#include "core/io/http/http_server.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace penstock::mock {

class mock_service;

/// One request inside the mock, from its arrival to the end of its answer.
struct flight {
  flight(mock_service& s, io::http_exchange e) : service(s), exchange(std::move(e)) {}
  ~flight() { end(); }
  flight(const flight&) = delete;
  flight& operator=(const flight&) = delete;
  /// The request is no longer in flight. Later calls do nothing.
  void end();

  mock_service& service;
  io::http_exchange exchange;
  const shape* form = nullptr;
  mock_call call;
  mock_answer answer;
  std::optional<fault_rule> rule; ///< A fault that strikes this request.
  uint64_t client_id = 0;         ///< Hash of the client request id.
  std::string id;                 ///< Ours, in hexadecimal.
  std::string key;
  header_mode headers = header_mode::full;
  mock_random random{0};
  double slowdown = 1; ///< By faults.
  double charged = 0;  ///< Tokens at admission.
  mock_stats::seen_entries seen_as{};
  service_time timing;
  bool counted = false; ///< In flight.
  bool gone = false;    ///< The client left before the end.
};
using flight_ptr = std::shared_ptr<flight>;

/// The provider behind the port. All functions run on the server's thread.
class mock_service {
public:
  explicit mock_service(mock_options o);
  /// Must be called once, before the first request.
  void bind(io::http_server& server);

  void handle(const io::http_exchange& e);
  std::string stats_json(size_t since, bool series) const;
  void reset_stats();
  result<void> set_limits_json(std::string_view body);
  void set_limits(const limiter_options& o);

  mock_options options;
  mock_limiter limiter; ///< Not used if the limits are native: each protocol has its own then.
  mock_limiter& limiter_of(const flight& f);
  mock_stats stats;
  fault_table faults;

  // For the parts that send answers.
  /// The provider's clock: real time divided by the scale.
  time_point now() const;
  duration since_start() const { return now() - start_; }
  double real_seconds(double provider_seconds) const {
    return provider_seconds * options.time_scale;
  }
  /// Runs `f` after `d` of the provider's time.
  void after(duration d, std::function<void()> f);
  /// Rate headers, ids and the like of an answer to `f`.
  std::string common_headers(flight& f);
  void reply_error(const flight_ptr& f, const provider_error& e, std::string extra_headers = {});
  /// A whole answer was sent.
  void answered(flight& f, int status, bool good);
  /// Keeps `f` until its client leaves, or the answer is sent.
  void end_when_closed(const flight_ptr& f);
  io::http_server& server() { return *server_; }
  lying_counters connections() const { return {server_->counters(), unread_}; }

private:
  bool closes_unread(uint32_t served);
  void scale_limits(double factor);
  void admin(const io::http_exchange& e, std::string_view path, std::string_view query);
  void models(const io::http_exchange& e, std::string_view path);
  void provide(const io::http_exchange& e, const shape& form, std::string_view path);
  /// @returns whether the request was answered with an error that needs no limiter.
  bool refuse_early(const flight_ptr& f);
  result<void> choose_fault(flight& f, std::string_view path);
  /// Faults before the limiter. @returns whether a fault has taken over the exchange.
  bool strike_early(const flight_ptr& f);
  void admit(const flight_ptr& f);
  void produce(const flight_ptr& f);

  io::http_server* server_ = nullptr;
  std::array<mock_limiter, provider_count> native_;
  server_pool servers_;
  time_point start_;
  uint64_t ordinal_ = 0;
  uint64_t unread_ = 0; ///< Connections closed with a request unread.
};

/// Sends the answer to an admitted request, with its fault if there is one.
void deliver(const flight_ptr& f);
/// The faults of phase `wire`: `body` is whole and good.
void deliver_badly(const flight_ptr& f, std::string content_type, std::string body);

} // namespace penstock::mock
