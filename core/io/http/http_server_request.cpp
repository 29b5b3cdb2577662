#include "core/io/http/http_server_impl.hpp"

#include <algorithm>

// What a connection receives.
namespace penstock::io {

namespace http = boost::beast::http;

namespace {

using request_header = http_connection::parser::value_type;

/// A line end without CR, a CR without LF, or a continued line. Parsers disagree about them, so a
/// request with any could mean something else to a proxy. @pre `raw` begins the request.
bool has_odd_line(std::string_view raw, size_t from) {
  for (size_t i = from; i < raw.size(); ++i) {
    if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r'))
      return true;
    if (i > 0 && raw[i - 1] == '\r' && raw[i] != '\n')
      return true;
    if (i > 0 && raw[i - 1] == '\n' && (raw[i] == ' ' || raw[i] == '\t'))
      return true;
  }
  return false;
}

/// Whether the method is one that this server can pass to a handler.
bool is_known(http::verb v) {
  return v == http::verb::get || v == http::verb::head || v == http::verb::post ||
         v == http::verb::put || v == http::verb::patch || v == http::verb::delete_ ||
         v == http::verb::options;
}

/// @returns the status that refuses the header, or 0.
int fault_of(const request_header& r, size_t target_max) {
  const auto hosts = r.count(http::field::host), lengths = r.count(http::field::content_length);
  const auto codings = r.count(http::field::transfer_encoding);
  if (hosts > 1 || (hosts == 0 && r.version() >= 11) || lengths > 1 || codings > 1 ||
      (lengths > 0 && codings > 0))
    return 400;
  if (lengths == 1 && view(r[http::field::content_length]).find(',') != std::string_view::npos)
    return 400;
  if (codings == 1) {
    if (r.version() < 11)
      return 400;
    if (!boost::beast::iequals(r[http::field::transfer_encoding], "chunked"))
      return 501;
  }
  if (!is_known(r.method()))
    return 501;
  const auto target = view(r.target());
  if (target.size() > target_max)
    return 414;
  if (target != "*" && !target.starts_with('/') && !target.starts_with("http://") &&
      !target.starts_with("https://"))
    return 400;
  const auto expect = r[http::field::expect];
  return expect.empty() || boost::beast::iequals(expect, "100-continue") ? 0 : 417;
}

/// "HTTP/" and two digits with a point at the end of the first line.
bool names_a_version(std::string_view raw) {
  const auto line = raw.substr(0, raw.find('\r'));
  if (line.size() < 8)
    return false;
  const auto last = line.substr(line.size() - 8);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return last.starts_with("HTTP/") && is_digit(last[5]) && last[6] == '.' && is_digit(last[7]);
}

} // namespace

void http_connection::feed(const char* data, size_t size) {
  if (phase_ == phase::lingering || (finishing_ && phase_ == phase::body))
    return;
  if (phase_ == phase::body) {
    body_bytes_ += size;
    body_deadline();
  }
  if (phase_ == phase::handling || !pending_.empty()) {
    pending_.append(data, size);
    return advance();
  }
  const size_t used = parse(data, size);
  if (phase_ != phase::closed && phase_ != phase::lingering && used < size) {
    pending_.assign(data + used, size - used);
    advance();
  }
}

void http_connection::advance() {
  while (!parsing_ && !pending_.empty() &&
         (phase_ == phase::idle || phase_ == phase::header ||
          (phase_ == phase::body && !is_paused() && !finishing_))) {
    const size_t used = parse(pending_.data(), pending_.size());
    pending_.erase(0, std::min(used, pending_.size()));
    if (used == 0)
      break;
  }
}

size_t http_connection::parse(const char* data, size_t size) {
  const auto& o = server_->options;
  if (phase_ == phase::idle) {
    if (size >= 2 && data[0] == '\r' && data[1] == '\n')
      return 2; // Some clients end a body with a line end too many.
    phase_ = phase::header;
    deadline_ = std::chrono::steady_clock::now() + o.header_timeout;
    parser_.emplace();
    parser_->header_limit(o.header_max);
    parser_->body_limit(boost::none); // The plan knows it.
    scanned_ = 0;
    lingers_ = finishing_ = begun_ = chunked_ = bodiless_ = false;
  }
  parsing_ = true;
  const size_t used = phase_ == phase::header ? parse_header(data, size) : parse_body(data, size);
  parsing_ = false;
  return used;
}

size_t http_connection::parse_header(const char* data, size_t size) {
  const std::string_view raw{data, size};
  boost::system::error_code ec;
  const size_t used = parser_->put(asio::buffer(data, size), ec);
  if (ec && ec != http::error::need_more) {
    refuse(status_of(ec, raw));
    return size;
  }
  const bool is_done = parser_->is_header_done();
  const auto header = raw.substr(0, is_done ? used : size);
  if (has_odd_line(header, scanned_)) {
    refuse(400);
    return size;
  }
  scanned_ = size;
  if (!is_done)
    return used;
  if (const int status = fault_of(parser_->get(), server_->options.target_max)) {
    refuse(status);
    return size;
  }
  ++serial_;
  keep_alive_ = parser_->get().keep_alive() && !server_->draining;
  const bool is_whole = parser_->is_done();
  phase_ = is_whole ? phase::handling : phase::body;
  body_bytes_ = size - used;
  body_begun_ = std::chrono::steady_clock::now();
  body_deadline();
  if (!plan_body())
    return is_whole ? used : size;
  if (is_whole)
    request_is_whole();
  return used;
}

bool http_connection::plan_body() {
  const auto& o = server_->options;
  counted_ = server_->clients->begin_request(client_);
  if (!counted_) {
    refuse(429);
    return false;
  }
  http_body_plan plan;
  const auto serial = serial_;
  if (server_->plan)
    plan = server_->plan(http_exchange{shared_from_this(), serial});
  if (!is_open(serial))
    return false;
  const uint64_t most = plan.body_max > 0 ? plan.body_max : o.body_max;
  if (const auto length = parser_->content_length(); length && *length > most) {
    refuse(413);
    return false;
  }
  parser_->body_limit(most);
  parser_->eager(true);
  parser_->get().body().sink = std::move(plan.sink);
  if (!parser_->is_done() && body_bytes_ == 0 && parser_->get().version() >= 11 && !begun_ &&
      boost::beast::iequals(parser_->get()[http::field::expect], "100-continue"))
    write("HTTP/1.1 100 Continue\r\n\r\n", {});
  return true;
}

size_t http_connection::parse_body(const char* data, size_t size) {
  boost::system::error_code ec;
  const size_t used = parser_->put(asio::buffer(data, size), ec);
  if (phase_ != phase::body || finishing_)
    return size; // The sink has answered, or the client is gone.
  if (ec && ec != http::error::need_more) {
    refuse(status_of(ec, {}));
    return size;
  }
  if (parser_->is_done())
    request_is_whole();
  else if (is_paused()) {
    paused_since_ = std::chrono::steady_clock::now();
    deadline_ = time_point::max();
  }
  return used;
}

void http_connection::resume_body() {
  if (!is_paused())
    return;
  parser_->get().body().paused = false;
  body_begun_ += std::chrono::steady_clock::now() - paused_since_;
  body_deadline();
  advance();
  wait_read();
}

void http_connection::body_deadline() {
  if (is_paused())
    return;
  const auto& o = server_->options;
  const double earned =
    o.body_rate_min > 0 ? static_cast<double>(body_bytes_) / o.body_rate_min : 0;
  deadline_ = body_begun_ + o.request_timeout +
              std::chrono::duration_cast<duration>(std::chrono::duration<double>(earned));
}

void http_connection::request_is_whole() {
  auto& c = server_->counters;
  c.requests.add(1);
  c.requests_on_reused.add(served_ > 0 ? 1 : 0);
  c.requests_per_connection_max.raise(++served_);
  phase_ = phase::handling;
  deadline_ = time_point::max();
  server_->handle(http_exchange{shared_from_this(), serial_});
}

void http_connection::end_request() {
  if (std::exchange(counted_, false))
    server_->clients->end_request(client_);
}

int http_connection::status_of(boost::system::error_code ec, std::string_view raw) const {
  if (ec == http::error::header_limit)
    return raw.substr(0, server_->options.header_max).find('\n') == std::string_view::npos ? 414
                                                                                           : 431;
  if (ec == http::error::body_limit)
    return 413;
  return ec == http::error::bad_version && names_a_version(raw) ? 505 : 400;
}

/// Sends an error answer without the handler, and closes.
void http_connection::refuse(int status) {
  if (status != 408)
    server_->counters.bad_requests.add(1);
  auto closed = std::exchange(on_closed_, {});
  auto self = shared_from_this();
  if (begun_) { // Its head is out: no other answer can follow.
    reset();
  } else {
    http_reply r;
    r.status = status;
    r.body = R"({"error":{"message":")";
    r.body += status == 408 ? "The request did not arrive in time."
              : status == 429
                ? "Too many requests of this address are in flight."
                : "The request is not valid HTTP, or is larger than this server takes.";
    r.body += R"(","type":"invalid_request_error","param":null,"code":null}})";
    phase_ = phase::handling;
    keep_alive_ = false;
    lingers_ = true;
    ++serial_;
    reply(std::move(r));
  }
  for (auto& f : closed)
    f();
}

} // namespace penstock::io
