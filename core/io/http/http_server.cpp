#include "core/io/http/http_server_impl.hpp"

#include <ctime>
#include <thread>

namespace penstock::io {

using namespace std::chrono_literals;

namespace {

constexpr auto sweep_interval = 200ms;
constexpr auto unread_interval = 50ms; ///< Clients that leave are known within twice this time.
constexpr auto accept_retry = 50ms;    ///< After running out of descriptors.

} // namespace

void add_header(std::string& headers, std::string_view name, std::string_view value) {
  headers.append(name).append(": ");
  for (char c : value)
    headers += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  headers += "\r\n";
}

void http_server::impl::accept() {
  if (accepting || accept_paused || draining || stopped)
    return;
  accepting = true;
  auto* loop = loops.empty() ? this : loops[next_loop++ % loops.size()];
  acceptor.async_accept(loop->io, [self = shared_from_this(),
                                   loop](const boost::system::error_code& ec, tcp::socket s) {
    self->accepted(ec, std::move(s), *loop);
  });
}

void http_server::impl::accepted(const boost::system::error_code& ec, tcp::socket socket,
                                 impl& loop) {
  accepting = false;
  if (stopped || ec == asio::error::operation_aborted)
    return;
  if (ec) {
    accept_timer.expires_after(accept_retry);
    accept_timer.async_wait([self = shared_from_this()](const boost::system::error_code& e) {
      if (!e)
        self->accept();
    });
    return;
  }
  boost::system::error_code unknown;
  const auto client = socket.remote_endpoint(unknown).address();
  if (const auto serial = clients->enter(client)) {
    counters.connections.add(1);
    // A loop owns the functions posted to it, so it is there when they run.
    asio::dispatch(loop.io, [l = &loop, s = std::move(socket), n = *serial, client]() mutable {
      auto c = std::make_shared<http_connection>(l->shared_from_this(), std::move(s), n, client);
      l->stopped ? c->close() : c->start();
    });
  } else {
    counters.connections_refused.add(1);
    boost::system::error_code ignored;
    socket.close(ignored);
  }
  accept();
}

void http_server::impl::sweep() {
  if (stopped)
    return;
  const auto now = std::chrono::steady_clock::now();
  const std::vector<http_connection*> all(connections.begin(), connections.end());
  for (auto* c : all)
    if (connections.contains(c)) // An earlier one may have closed it.
      c->close_if_late(now);
  sweep_timer.expires_after(sweep_interval);
  sweep_timer.async_wait([self = shared_from_this()](const boost::system::error_code& e) {
    if (!e)
      self->sweep();
  });
}

void http_server::impl::watch_unread() {
  if (watching || unread.empty() || stopped)
    return;
  watching = true;
  unread_timer.expires_after(unread_interval);
  unread_timer.async_wait([self = shared_from_this()](const boost::system::error_code& e) {
    self->watching = false;
    if (e)
      return;
    const auto all = self->unread; // A callback may close others.
    for (const auto& [c, owner] : all)
      if (self->unread.contains(c))
        c->close_if_gone();
    self->watch_unread();
  });
}

void http_server::impl::arm_timer() {
  if (timers.empty() || timers.top().at >= wheel_at)
    return;
  wheel_at = timers.top().at;
  wheel.expires_at(wheel_at);
  wheel.async_wait([self = shared_from_this()](const boost::system::error_code& e) {
    if (!e)
      self->fire_timers();
  });
}

void http_server::impl::fire_timers() {
  wheel_at = time_point::max();
  const auto now = std::chrono::steady_clock::now();
  while (!stopped && !timers.empty() && timers.top().at <= now) {
    const auto f = timers.top().run;
    timers.pop();
    (*f)();
  }
  arm_timer();
}

void http_server::impl::stop_now() {
  if (stopped)
    return;
  stopped = true;
  boost::system::error_code ec;
  acceptor.close(ec);
  accept_timer.cancel();
  sweep_timer.cancel();
  unread_timer.cancel();
  wheel.cancel();
  timers = {};
  while (!connections.empty())
    (*connections.begin())->close();
  io.stop();
}

void http_server::impl::drain_now() {
  draining = true;
  boost::system::error_code ec;
  acceptor.close(ec);
  const std::vector<http_connection*> all(connections.begin(), connections.end());
  for (auto* c : all)
    if (connections.contains(c))
      c->close_if_idle();
  if (connections.empty()) {
    stop_now();
    return;
  }
  accept_timer.expires_after(accept_retry);
  accept_timer.async_wait([self = shared_from_this()](const boost::system::error_code& e) {
    if (!e && !self->stopped)
      self->drain_now();
  });
}

const std::string& http_server::impl::date() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != date_second) {
    date_second = now;
    char text[40];
    std::tm utc{};
    gmtime_r(&now, &utc);
    date_text.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc));
  }
  return date_text;
}

void http_server::impl::run() {
  if (acceptor.is_open())
    accept();
  sweep();
  io.run();
  ended = true;
}

void http_server::impl::add_timer(time_point at, std::function<void()> f) {
  timers.push({at, ++timer_serial, std::make_shared<std::function<void()>>(std::move(f))});
  arm_timer();
}

void http_server::impl::add_to(http_server_counters& all) const {
  const auto& c = counters;
  all.connections += c.connections.value();
  all.connections_open += c.connections_open.value();
  all.connections_refused += c.connections_refused.value();
  all.requests += c.requests.value();
  all.requests_on_reused += c.requests_on_reused.value();
  all.requests_per_connection_max =
    std::max(all.requests_per_connection_max, c.requests_per_connection_max.value());
  all.bad_requests += c.bad_requests.value();
  all.timeouts += c.timeouts.value();
  all.tls_failures += c.tls_failures.value();
  all.unsent_peak = std::max(all.unsent_peak, c.unsent_peak.value());
  all.bytes_in += c.bytes_in.value();
  all.bytes_out += c.bytes_out.value();
}

http_server::http_server(std::vector<std::shared_ptr<impl>> loops) : loops_(std::move(loops)) {}

http_server::~http_server() {
  for (const auto& loop : loops_) {
    loop->ended = true;
    loop->stop_now();
    // Handlers of closed sockets own connections, which own the loop. Run them, else it leaks.
    loop->io.restart();
    loop->io.poll();
    loop->handle = nullptr;
    loop->plan = nullptr;
  }
}

result<std::unique_ptr<http_server>> http_server::open(http_server_options options, handler handle,
                                                       planner plan) {
  const std::string where = options.host + ":" + std::to_string(options.port);
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(options.host, ec);
  if (ec)
    return error{errc::invalid_config, "not a numeric address: " + options.host};
  std::shared_ptr<tls_server> tls;
  if (!options.tls_certificate.empty() || !options.tls_key.empty()) {
    auto opened = tls_server::open(options.tls_certificate, options.tls_key);
    if (!opened)
      return opened.error();
    tls = std::move(*opened);
  }
  const auto clients = std::make_shared<http_clients>(http_clients::limits{
    options.connections_max, options.connections_per_address, options.requests_per_address});
  std::vector<std::shared_ptr<impl>> loops;
  for (uint32_t n = 0; n < std::max(1u, options.threads); ++n) {
    loops.push_back(std::make_shared<impl>(options, handle, plan, clients));
    loops.back()->tls = tls;
  }
  auto& first = loops.front()->acceptor;
  const tcp::endpoint endpoint{address, options.port};
  first.open(endpoint.protocol(), ec);
  if (!ec)
    first.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec)
    first.bind(endpoint, ec);
  if (!ec)
    first.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    return error{errc::io_error, "cannot listen on " + where + ": " + ec.message()};
  const auto port = first.local_endpoint().port();
  for (const auto& loop : loops)
    loop->options.port = port;
  for (const auto& loop : loops)
    loops.front()->loops.push_back(loop.get());
  return std::unique_ptr<http_server>{new http_server{std::move(loops)}};
}

uint16_t http_server::port() const noexcept { return loops_.front()->options.port; }

void http_server::run() {
  std::vector<std::thread> others;
  for (size_t n = 1; n < loops_.size(); ++n)
    others.emplace_back([loop = loops_[n].get()] { loop->run(); });
  loops_.front()->run();
  for (auto& t : others)
    t.join();
}

void http_server::stop() {
  for (const auto& loop : loops_)
    if (!loop->ended)
      asio::post(loop->io, [l = loop.get()] { l->stop_now(); });
}

void http_server::drain(duration grace) {
  for (const auto& loop : loops_) {
    if (loop->ended)
      continue;
    asio::post(loop->io, [l = loop.get(), grace] {
      if (grace < std::chrono::hours{24 * 365})
        l->add_timer(std::chrono::steady_clock::now() + grace, [l] { l->stop_now(); });
      l->drain_now();
    });
  }
}

void http_server::post(std::function<void()> f) {
  auto& first = *loops_.front();
  if (!first.ended)
    asio::post(first.io, std::move(f));
}

void http_server::after(duration d, std::function<void()> f) {
  asio::dispatch(loops_.front()->io,
                 [l = loops_.front().get(), at = std::chrono::steady_clock::now() + d,
                  f = std::move(f)]() mutable { l->add_timer(at, std::move(f)); });
}

http_server_counters http_server::counters() const {
  http_server_counters all;
  for (const auto& loop : loops_)
    loop->add_to(all);
  return all;
}

std::string_view http_exchange::method() const {
  return view(connection_->message().method_string());
}
std::string_view http_exchange::target() const { return view(connection_->message().target()); }
std::string_view http_exchange::header(std::string_view name) const {
  return view(connection_->message()[boost::beast::string_view{name.data(), name.size()}]);
}
std::string_view http_exchange::body() const { return connection_->message().body().text; }
std::string http_exchange::client() const { return connection_->client(); }
uint64_t http_exchange::connection() const { return connection_->id(); }
uint32_t http_exchange::ordinal() const { return connection_->served(); }

void http_exchange::reply(http_reply r) const {
  connection_->on_loop(serial_, [r = std::move(r)](http_connection& c, bool open) mutable {
    if (open)
      c.reply(std::move(r));
  });
}

void http_exchange::begin(http_reply head) const {
  connection_->on_loop(serial_, [r = std::move(head)](http_connection& c, bool open) mutable {
    if (open)
      c.begin(std::move(r));
  });
}

void http_exchange::write(std::string bytes, std::function<void(bool)> written) const {
  connection_->on_loop(
    serial_, [b = std::move(bytes), w = std::move(written)](http_connection& c, bool open) mutable {
      if (open)
        c.write_chunk(b, std::move(w));
      else if (w)
        w(false);
    });
}

void http_exchange::end() const {
  connection_->on_loop(serial_, [](http_connection& c, bool open) {
    if (open)
      c.end_stream();
  });
}

void http_exchange::resume_body() const {
  connection_->on_loop(serial_, [](http_connection& c, bool open) {
    if (open)
      c.resume_body();
  });
}

void http_exchange::on_closed(std::function<void()> f) const {
  connection_->on_loop(serial_, [f = std::move(f)](http_connection& c, bool open) mutable {
    if (open)
      c.add_on_closed(std::move(f));
  });
}

} // namespace penstock::io
