#include "core/io/http/http_server_impl.hpp"

#include <ctime>

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
  acceptor.async_accept(
    [self = shared_from_this()](const boost::system::error_code& ec, tcp::socket s) {
      self->accepted(ec, std::move(s));
    });
}

void http_server::impl::accepted(const boost::system::error_code& ec, tcp::socket socket) {
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
  const auto known = addresses.find(client);
  const bool is_greedy = options.connections_per_address > 0 && known != addresses.end() &&
                         known->second.connections >= options.connections_per_address;
  if (connections.size() >= options.connections_max || is_greedy) {
    ++counters.connections_refused;
    boost::system::error_code ignored;
    socket.close(ignored);
  } else {
    std::make_shared<http_connection>(shared_from_this(), std::move(socket), ++counters.connections,
                                      client)
      ->start();
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

http_server::http_server(std::shared_ptr<impl> i) : impl_(std::move(i)) {}

http_server::~http_server() {
  impl_->ended = true;
  impl_->stop_now();
  // Handlers of closed sockets own connections, which own the loop. Run them, else all of it leaks.
  impl_->io.restart();
  impl_->io.poll();
  impl_->handle = nullptr;
  impl_->plan = nullptr;
}

result<std::unique_ptr<http_server>> http_server::open(http_server_options options, handler handle,
                                                       planner plan) {
  const std::string where = options.host + ":" + std::to_string(options.port);
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(options.host, ec);
  if (ec)
    return error{errc::invalid_config, "not a numeric address: " + options.host};
  auto i = std::make_shared<impl>(std::move(options), std::move(handle), std::move(plan));
  if (!i->options.tls_certificate.empty() || !i->options.tls_key.empty()) {
    auto tls = tls_server::open(i->options.tls_certificate, i->options.tls_key);
    if (!tls)
      return tls.error();
    i->tls = std::move(*tls);
  }
  const tcp::endpoint endpoint{address, i->options.port};
  i->acceptor.open(endpoint.protocol(), ec);
  if (!ec)
    i->acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec)
    i->acceptor.bind(endpoint, ec);
  if (!ec)
    i->acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    return error{errc::io_error, "cannot listen on " + where + ": " + ec.message()};
  i->options.port = i->acceptor.local_endpoint().port();
  return std::unique_ptr<http_server>{new http_server{std::move(i)}};
}

uint16_t http_server::port() const noexcept { return impl_->options.port; }

void http_server::run() {
  impl_->accept();
  impl_->sweep();
  impl_->io.run();
  impl_->ended = true;
}

void http_server::stop() {
  post([i = impl_.get()] { i->stop_now(); });
}

void http_server::drain(duration grace) {
  post([this, i = impl_.get(), grace] {
    if (grace < std::chrono::hours{24 * 365})
      after(grace, [i] { i->stop_now(); });
    i->drain_now();
  });
}

void http_server::post(std::function<void()> f) {
  if (!impl_->ended)
    asio::post(impl_->io, std::move(f));
}

void http_server::after(duration d, std::function<void()> f) {
  const auto at = std::chrono::steady_clock::now() + d;
  impl_->timers.push(
    {at, ++impl_->timer_serial, std::make_shared<std::function<void()>>(std::move(f))});
  impl_->arm_timer();
}

const http_server_counters& http_server::counters() const noexcept { return impl_->counters; }

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
