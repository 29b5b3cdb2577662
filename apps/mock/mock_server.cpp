#include "apps/mock/mock_server.hpp"
#include "apps/mock/mock_service.hpp"

#include <future>
#include <mutex>
#include <thread>
#include <type_traits>

namespace penstock::mock {

struct mock_server::impl {
  explicit impl(mock_options o) : service(std::move(o)) {}

  /// Runs `f` where the service lives and waits for its result.
  template <class F>
  auto call(F f) -> std::invoke_result_t<F, mock_service&> {
    std::unique_lock guard{mutex};
    if (!thread.joinable())
      return f(service);
    std::packaged_task<std::invoke_result_t<F, mock_service&>()> task{[&] { return f(service); }};
    server->post([&task] { task(); });
    return task.get_future().get();
  }

  mock_service service;
  std::unique_ptr<io::http_server> server; ///< Dies first: its exchanges count in the service.
  std::thread thread;
  std::mutex mutex; ///< Calls from outside, against `stop`.
};

mock_server::mock_server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

mock_server::~mock_server() {
  stop();
}

result<std::unique_ptr<mock_server>> mock_server::start(mock_options options) {
  auto i = std::make_unique<impl>(std::move(options));
  io::http_server_options http;
  http.host = i->service.options.host;
  http.port = i->service.options.port;
  http.connections_max = i->service.options.connections_max;
  http.refuse_unread = [s = &i->service](uint64_t, uint32_t served) {
    return s->refuse_unread(served);
  };
  auto server = io::http_server::open(std::move(http),
                                      [s = &i->service](io::http_exchange e) { s->handle(e); });
  if (!server)
    return server.error();
  i->server = std::move(*server);
  i->service.bind(*i->server);
  i->thread = std::thread{[s = i->server.get()] { s->run(); }};
  return std::unique_ptr<mock_server>{new mock_server{std::move(i)}};
}

uint16_t mock_server::port() const {
  return impl_->server->port();
}

std::string mock_server::origin() const {
  return "http://" + impl_->service.options.host + ":" + std::to_string(port());
}

std::string mock_server::base_url() const {
  return origin() + "/v1";
}

mock_stats mock_server::stats() const {
  return impl_->call([](mock_service& s) { return s.stats; });
}

std::string mock_server::stats_json(size_t since, bool series) const {
  return impl_->call([=](mock_service& s) { return s.stats_json(since, series); });
}

io::http_server_counters mock_server::connections() const {
  return impl_->call([](mock_service& s) { return s.server().counters(); });
}

void mock_server::set_faults(std::vector<fault_rule> rules) {
  impl_->call([&rules](mock_service& s) { s.faults.set(std::move(rules)); });
}

void mock_server::set_limits(const limiter_options& o) {
  impl_->call([&o](mock_service& s) { s.limiter.configure(o, s.now()); });
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
