#include "apps/mock/mock_server.hpp"
#include "apps/mock/mock_service.hpp"

#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace penstock::mock {

struct mock_server::impl {
  explicit impl(mock_options o) : service(std::move(o)) {}

  /// Runs `f` on the thread of the service and waits for its end.
  void call(const std::function<void(mock_service&)>& f) {
    std::unique_lock guard{mutex};
    if (!thread.joinable())
      return f(service);
    std::promise<void> done;
    server->post([&] {
      f(service);
      done.set_value();
    });
    done.get_future().wait();
  }

  mock_service service;
  std::unique_ptr<io::http_server>
    server; ///< Destroyed first: its exchanges still use the service.
  std::thread thread;
  std::mutex mutex; ///< Guards calls from other threads against `stop`.
};

mock_server::mock_server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

mock_server::~mock_server() { stop(); }

result<std::unique_ptr<mock_server>> mock_server::start(mock_options options) {
  auto i = std::make_unique<impl>(std::move(options));
  io::http_server_options http;
  http.host = i->service.options.host;
  http.port = i->service.options.port;
  http.connections_max = i->service.options.connections_max;
  auto server = io::http_server::open(std::move(http),
                                      [s = &i->service](io::http_exchange e) { s->handle(e); });
  if (!server)
    return server.error();
  i->server = std::move(*server);
  i->service.bind(*i->server);
  i->thread = std::thread{[s = i->server.get()] { s->run(); }};
  return std::unique_ptr<mock_server>{new mock_server{std::move(i)}};
}

uint16_t mock_server::port() const { return impl_->server->port(); }

std::string mock_server::origin() const {
  return "http://" + impl_->service.options.host + ":" + std::to_string(port());
}

std::string mock_server::base_url() const { return origin() + "/v1"; }

mock_stats mock_server::stats() const {
  mock_stats out;
  impl_->call([&out](mock_service& s) { out = s.stats; });
  return out;
}

std::string mock_server::stats_json(size_t since, bool series) const {
  std::string out;
  impl_->call([&](mock_service& s) { out = s.stats_json(since, series); });
  return out;
}

lying_counters mock_server::connections() const {
  lying_counters out;
  impl_->call([&out](mock_service& s) { out = s.connections(); });
  return out;
}

void mock_server::set_faults(std::vector<fault_rule> rules) {
  impl_->call([&rules](mock_service& s) { s.faults.set(std::move(rules)); });
}

void mock_server::set_limits(const limiter_options& o) {
  impl_->call([&o](mock_service& s) { s.set_limits(o); });
}

void mock_server::reset_stats() {
  impl_->call([](mock_service& s) { s.reset_stats(); });
}

void mock_server::stop() {
  std::unique_lock guard{impl_->mutex};
  if (!impl_->thread.joinable())
    return;
  impl_->server->stop();
  impl_->thread.join();
}

} // namespace penstock::mock
