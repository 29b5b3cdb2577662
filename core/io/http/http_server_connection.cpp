#include "core/io/http/http_server_impl.hpp"

#include <poll.h>

namespace penstock::io {

namespace {

/// Whether a request begins to arrive. A client that closes makes a socket readable, too.
bool has_bytes(tcp::socket& socket) {
  char first = 0;
  boost::system::error_code ec;
  return socket.receive(asio::buffer(&first, 1), tcp::socket::message_peek, ec) == 1;
}

} // namespace

http_connection::http_connection(std::shared_ptr<http_server::impl> s, tcp::socket socket,
                                 uint64_t id, asio::ip::address client)
    : server_(std::move(s)), socket_(std::move(socket)), id_(id), client_(std::move(client)) {
  server_->connections.insert(this);
  server_->counters.connections_open.add(1);
}

http_connection::~http_connection() {
  if (phase_ != phase::closed)
    leave_server();
}

void http_connection::leave_server() {
  end_request();
  server_->connections.erase(this);
  server_->unread.erase(this);
  server_->counters.connections_open.drop();
  server_->clients->leave(client_);
}

void http_connection::start() {
  boost::system::error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(tcp::no_delay{true}, ec);
  const auto& o = server_->options;
  if (server_->tls) {
    tls_ = std::make_unique<tls_stream>(*server_->tls, socket_.native_handle());
    phase_ = phase::greeting;
  }
  deadline_ = std::chrono::steady_clock::now() + (tls_ ? o.header_timeout : o.idle_timeout);
  wait_read();
}

void http_connection::close() {
  if (phase_ == phase::closed)
    return;
  // Code on the stack may still use this connection: its owner is a pending operation, which ends
  // with the socket, or the handle of the caller.
  auto self = shared_from_this();
  phase_ = phase::closed;
  leave_server();
  if (tls_ && socket_.is_open()) // Else the number of the socket may be that of another by now.
    tls_->say_goodbye();
  boost::system::error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  socket_.close(ec);
  auto closed = std::move(on_closed_);
  on_closed_.clear();
  auto written = std::move(written_);
  written_ = nullptr;
  if (written)
    written(false);
  for (auto& f : closed)
    f();
}

void http_connection::reset() {
  auto self = shared_from_this();
  boost::system::error_code ec;
  socket_.set_option(asio::socket_base::linger{true, 0}, ec);
  socket_.close(ec); // Before `close` sends a FIN, which would look like a clean end.
  close();
}

void http_connection::close_if_late(time_point now) {
  if (now < deadline_ || phase_ == phase::closed)
    return;
  if (phase_ == phase::lingering)
    return close();
  if (phase_ == phase::handling && out_.empty())
    return; // The handler is still working; the client may leave.
  server_->counters.timeouts.add(1);
  if (phase_ == phase::header || (phase_ == phase::body && !finishing_))
    refuse(408);
  else
    close();
}

void http_connection::close_if_idle() {
  if (phase_ == phase::idle || phase_ == phase::greeting)
    close();
}

void http_connection::close_if_gone() {
  pollfd p{socket_.native_handle(), POLLRDHUP, 0};
  if (::poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLERR | POLLHUP)) != 0)
    close();
}

void http_connection::wait_read() {
  if (reading_ || phase_ == phase::closed)
    return;
  if (is_paused() || pending_.size() >= pending_max) {
    server_->unread.emplace(this, shared_from_this());
    server_->watch_unread();
    return;
  }
  server_->unread.erase(this);
  if (!tls_ || !tls_->has_pending())
    return wait_socket();
  reading_ = true;
  asio::post(server_->io, [self = shared_from_this()] {
    self->reading_ = false;
    self->readable();
  });
}

void http_connection::wait_socket() {
  if (reading_ || phase_ == phase::closed)
    return;
  reading_ = true;
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& ec) {
                       self->reading_ = false;
                       if (!ec)
                         self->readable();
                     });
}

void http_connection::wait_write() {
  writing_ = true;
  socket_.async_wait(tcp::socket::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& e) {
                       self->writing_ = false;
                       if (e)
                         return;
                       if (self->phase_ == phase::greeting)
                         self->readable();
                       else
                         self->flush();
                     });
}

/// Goes on with the handshake. @returns whether it is done.
bool http_connection::greet() {
  const auto step = tls_->handshake();
  switch (step.next) {
  case tls_step::need::nothing:
    phase_ = phase::idle;
    deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
    return true;
  case tls_step::need::read: wait_socket(); return false;
  case tls_step::need::write:
    if (!writing_)
      wait_write();
    return false;
  case tls_step::need::closed: break;
  }
  server_->counters.tls_failures.add(1);
  close();
  return false;
}

size_t http_connection::receive(char* data, size_t size, boost::system::error_code& ec) {
  if (!tls_)
    return socket_.read_some(asio::buffer(data, size), ec);
  const auto step = tls_->read(data, size);
  if (step.next == tls_step::need::closed)
    ec = asio::error::eof;
  else if (step.next != tls_step::need::nothing)
    ec = asio::error::would_block;
  return step.bytes;
}

size_t http_connection::send(const char* data, size_t size, boost::system::error_code& ec) {
  if (!tls_)
    return socket_.write_some(asio::buffer(data, size), ec);
  const auto step = tls_->write(data, size);
  if (step.next == tls_step::need::closed)
    ec = asio::error::connection_reset;
  else if (step.next != tls_step::need::nothing)
    ec = asio::error::would_block;
  return step.bytes;
}

void http_connection::readable() {
  if (phase_ == phase::closed || (phase_ == phase::greeting && !greet()))
    return;
  auto& s = *server_;
  if (phase_ == phase::idle && s.refuse_unread && has_bytes(socket_) &&
      s.refuse_unread(id_, served_)) {
    close();
    return;
  }
  boost::system::error_code ec;
  const size_t n = receive(s.scratch.data(), s.scratch.size(), ec);
  if (ec == asio::error::would_block)
    return wait_socket();
  if (ec || n == 0) { // Also for a half-closed client: it does not wait for an answer.
    close();
    return;
  }
  s.counters.bytes_in.add(n);
  feed(s.scratch.data(), n);
  wait_read();
}

} // namespace penstock::io
