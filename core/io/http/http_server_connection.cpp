#include "core/io/http/http_server_impl.hpp"

#include <charconv>

namespace penstock::io {

namespace http = boost::beast::http;

namespace {

void append_number(std::string& out, uint64_t n, int base = 10) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, n, base).ptr);
}

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
  ++server_->addresses[client_];
  ++server_->counters.connections_open;
}

http_connection::~http_connection() {
  if (phase_ != phase::closed)
    leave_server();
}

void http_connection::leave_server() {
  server_->connections.erase(this);
  --server_->counters.connections_open;
  const auto mine = server_->addresses.find(client_);
  if (--mine->second == 0)
    server_->addresses.erase(mine);
}

void http_connection::start() {
  boost::system::error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(tcp::no_delay{true}, ec);
  deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
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
  if (phase_ == phase::handling && out_.empty())
    return; // The handler is still working; the client may leave.
  ++server_->counters.timeouts;
  if (phase_ == phase::reading)
    refuse(408, "The request did not arrive in time.");
  else
    close();
}

void http_connection::close_if_idle() {
  if (phase_ == phase::idle)
    close();
}

void http_connection::wait_read() {
  if (reading_ || phase_ == phase::closed || pending_.size() >= pending_max)
    return;
  reading_ = true;
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& ec) {
                       self->reading_ = false;
                       if (!ec)
                         self->readable();
                     });
}

void http_connection::readable() {
  if (phase_ == phase::closed)
    return;
  auto& s = *server_;
  if (phase_ == phase::idle && s.refuse_unread && has_bytes(socket_) &&
      s.refuse_unread(id_, served_)) {
    close();
    return;
  }
  boost::system::error_code ec;
  const size_t n = socket_.read_some(asio::buffer(s.scratch), ec);
  if (ec == asio::error::would_block) {
    wait_read();
    return;
  }
  if (ec || n == 0) { // Also for a half-closed client: it does not wait for an answer.
    close();
    return;
  }
  s.counters.bytes_in += n;
  feed(s.scratch.data(), n);
  wait_read();
}

void http_connection::feed(const char* data, size_t size) {
  if (phase_ == phase::handling || !pending_.empty()) {
    pending_.append(data, size);
    advance();
    return;
  }
  const size_t used = parse(data, size);
  if (phase_ != phase::closed && used < size) {
    pending_.assign(data + used, size - used);
    advance();
  }
}

void http_connection::advance() {
  while (!parsing_ && (phase_ == phase::idle || phase_ == phase::reading) && !pending_.empty()) {
    const size_t used = parse(pending_.data(), pending_.size());
    pending_.erase(0, used);
    if (used == 0)
      break;
  }
}

size_t http_connection::parse(const char* data, size_t size) {
  const auto& o = server_->options;
  if (phase_ == phase::idle) {
    phase_ = phase::reading;
    deadline_ = std::chrono::steady_clock::now() + o.request_timeout;
    parser_.emplace();
    parser_->header_limit(o.header_max);
    parser_->body_limit(o.body_max);
    parser_->eager(true);
    continued_ = false;
  }
  boost::system::error_code ec;
  const size_t used = parser_->put(asio::buffer(data, size), ec);
  if (ec && ec != http::error::need_more) {
    refuse(ec);
    return size;
  }
  if (!parser_->is_done()) {
    if (parser_->is_header_done() && !continued_ &&
        boost::beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
      continued_ = true;
      write("HTTP/1.1 100 Continue\r\n\r\n", {});
    }
    return used;
  }
  auto& c = server_->counters;
  ++c.requests;
  c.requests_on_reused += served_ > 0;
  c.requests_per_connection_max = std::max<uint64_t>(c.requests_per_connection_max, ++served_);
  phase_ = phase::handling;
  deadline_ = time_point::max();
  finishing_ = chunked_ = false;
  keep_alive_ = parser_->get().keep_alive() && !server_->draining;
  ++serial_;
  parsing_ = true;
  server_->handle(http_exchange{shared_from_this(), serial_});
  parsing_ = false;
  return used;
}

void http_connection::refuse(boost::system::error_code ec) {
  ++server_->counters.bad_requests;
  refuse(ec == http::error::header_limit ? 431
         : ec == http::error::body_limit ? 413
                                         : 400,
         "The request is not valid HTTP, or is larger than this server takes.");
}

/// Sends an error answer without the handler, and closes.
void http_connection::refuse(int status, std::string_view why) {
  http_reply r;
  r.status = status;
  r.body.append(R"({"error":{"message":")").append(why);
  r.body += R"(","type":"invalid_request_error","param":null,"code":null}})";
  phase_ = phase::handling;
  finishing_ = chunked_ = false;
  keep_alive_ = false;
  ++serial_;
  reply(std::move(r));
}

void http_connection::put_head(const http_reply& r, bool chunked) {
  out_.append("HTTP/1.1 ");
  append_number(out_, static_cast<uint64_t>(r.status));
  out_ += ' ';
  out_.append(view(http::obsolete_reason(static_cast<http::status>(r.status))));
  out_.append("\r\ndate: ").append(server_->date());
  if (!r.content_type.empty())
    out_.append("\r\ncontent-type: ").append(r.content_type);
  if (chunked)
    out_.append("\r\ntransfer-encoding: chunked");
  else if (chunked_ || r.status == 204 || r.status == 304) {
  } else {
    out_.append("\r\ncontent-length: ");
    append_number(out_, r.body.size());
  }
  if (!keep_alive_)
    out_.append("\r\nconnection: close");
  out_.append("\r\n").append(r.headers).append("\r\n");
}

void http_connection::reply(http_reply r) {
  put_head(r, false);
  if (!parser_ || parser_->get().method() != http::verb::head)
    out_.append(r.body);
  finish(after_answer::keep);
}

void http_connection::begin(http_reply r) {
  chunked_ = parser_->get().version() >= 11;
  if (chunked_) {
    put_head(r, true);
  } else {
    keep_alive_ = false; // Without chunks the body ends with the connection.
    chunked_ = true;
    put_head(r, false);
    chunked_ = false;
  }
  if (!r.body.empty())
    write_chunk(r.body, {});
  else
    flush();
}

void http_connection::write_chunk(std::string_view bytes, std::function<void(bool)> written) {
  if (!chunked_)
    return write(bytes, std::move(written));
  if (!bytes.empty()) {
    append_number(out_, bytes.size(), 16);
    out_.append("\r\n").append(bytes).append("\r\n");
  }
  write({}, std::move(written));
}

void http_connection::end_stream() {
  if (chunked_)
    out_.append("0\r\n\r\n");
  finish(after_answer::keep);
}

void http_connection::write(std::string_view bytes, std::function<void(bool)> written) {
  out_.append(bytes);
  if (written) {
    // Two pieces in a row without waiting: the first one is reported with the second.
    if (written_)
      written = [a = std::move(written_), b = std::move(written)](bool alive) {
        a(alive), b(alive);
      };
    written_ = std::move(written);
  }
  flush();
}

void http_connection::finish(after_answer how) {
  finishing_ = true;
  end_ = how == after_answer::keep && !keep_alive_ ? after_answer::close : how;
  flush();
}

void http_connection::flush() {
  if (writing_ || phase_ == phase::closed)
    return;
  while (out_sent_ < out_.size()) {
    boost::system::error_code ec;
    const size_t n =
      socket_.write_some(asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_), ec);
    if (ec == asio::error::would_block) {
      writing_ = true;
      deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
      socket_.async_wait(tcp::socket::wait_write,
                         [self = shared_from_this()](const boost::system::error_code& e) {
                           self->writing_ = false;
                           if (!e)
                             self->flush();
                         });
      return;
    }
    if (ec) {
      close();
      return;
    }
    out_sent_ += n;
    server_->counters.bytes_out += n;
  }
  flushed();
}

void http_connection::flushed() {
  out_sent_ = 0;
  if (out_.capacity() > (64u << 10))
    out_ = std::string{};
  else
    out_.clear();
  if (auto written = std::exchange(written_, nullptr)) {
    written(true);
    return; // The callback may have written or finished, and so have called this again.
  }
  if (!finishing_ || phase_ != phase::handling)
    return;
  finishing_ = false;
  if (end_ == after_answer::reset)
    return reset();
  on_closed_.clear();
  if (end_ == after_answer::close)
    return close();
  phase_ = phase::idle;
  deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
  if (!parsing_) {
    advance();
    wait_read();
  }
}

} // namespace penstock::io
