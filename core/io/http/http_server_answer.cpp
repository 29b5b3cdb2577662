#include "core/io/http/http_server_impl.hpp"

#include <algorithm>
#include <charconv>

// What a connection sends.
namespace penstock::io {

namespace http = boost::beast::http;

namespace {

void append_decimal(std::string& out, uint64_t n, int base = 10) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, n, base).ptr);
}

constexpr auto linger_time = std::chrono::seconds{2};

} // namespace

void http_connection::put_head(const http_reply& r, bool chunked) {
  begun_ = true;
  bodiless_ =
    r.status == 204 || r.status == 304 || (parser_ && parser_->get().method() == http::verb::head);
  if (phase_ == phase::body) { // Where the next request begins is not known yet.
    keep_alive_ = false;
    lingers_ = true;
  }
  out_.append("HTTP/1.1 ");
  append_decimal(out_, static_cast<uint64_t>(r.status));
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
    append_decimal(out_, r.body.size());
  }
  if (!keep_alive_)
    out_.append("\r\nconnection: close");
  else if (parser_ && parser_->get().version() < 11)
    out_.append("\r\nconnection: keep-alive");
  out_.append("\r\n").append(r.headers).append("\r\n");
}

void http_connection::reply(http_reply r) {
  put_head(r, false);
  if (!bodiless_)
    out_.append(r.body);
  finish(after_answer::keep);
}

void http_connection::begin(http_reply r) {
  if (begun_)
    return;
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
  if (bodiless_)
    bytes = {};
  const size_t waits = out_.size() - out_sent_;
  if (waits > 0 && waits + bytes.size() > server_->options.unsent_max) {
    if (written)
      written(false);
    return reset();
  }
  if (!chunked_)
    return write(bytes, std::move(written));
  if (!bytes.empty()) {
    append_decimal(out_, bytes.size(), 16);
    out_.append("\r\n").append(bytes).append("\r\n");
  }
  write({}, std::move(written));
}

void http_connection::end_stream() {
  if (chunked_ && !bodiless_)
    out_.append("0\r\n\r\n");
  finish(after_answer::keep);
}

void http_connection::write(std::string_view bytes, std::function<void(bool)> written) {
  if (out_sent_ > (64u << 10) && out_sent_ > out_.size() / 2) {
    out_.erase(0, out_sent_);
    out_sent_ = 0;
  }
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
    const size_t n = send(out_.data() + out_sent_, out_.size() - out_sent_, ec);
    if (ec == asio::error::would_block) {
      server_->counters.unsent_peak.raise(out_.size() - out_sent_);
      deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
      return wait_write();
    }
    if (ec) {
      close();
      return;
    }
    out_sent_ += n;
    server_->counters.bytes_out.add(n);
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
    if (out_sent_ < out_.size())
      return; // The callback has written. If it has finished the answer, nothing is left to do.
  }
  if (!finishing_ || (phase_ != phase::handling && phase_ != phase::body))
    return;
  if (end_ == after_answer::reset)
    return reset();
  on_closed_.clear();
  end_request();
  if (end_ == after_answer::close)
    return lingers_ ? linger() : close();
  finishing_ = false;
  phase_ = phase::idle;
  deadline_ = std::chrono::steady_clock::now() + server_->options.idle_timeout;
  if (!parsing_) {
    advance();
    wait_read();
  }
}

void http_connection::linger() {
  phase_ = phase::lingering;
  deadline_ = std::chrono::steady_clock::now() + linger_time;
  pending_ = {};
  if (tls_)
    tls_->say_goodbye();
  boost::system::error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  if (!parsing_)
    wait_read();
}

} // namespace penstock::io
