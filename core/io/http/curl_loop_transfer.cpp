#include "core/io/http/curl_loop_transfer.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace penstock::io {

namespace {

/// An answer with more headers is not an LLM answer.
constexpr size_t header_bytes_max = 64u << 10;
/// Memory reserved for an announced body; a wrong announcement costs no more.
constexpr uint64_t reserve_max = 1u << 20;
/// Enough for one receive per usual answer; more would only cost memory per transfer.
constexpr long receive_buffer = 8192;

/// Host and port of `url` without a user or password, for texts.
std::string_view authority(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != url.npos)
    url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const size_t user = url.rfind('@'); user != url.npos)
    url.remove_prefix(user + 1);
  return url;
}

/// A line break in a value could add other headers.
bool is_clean(std::string_view s) {
  return s.find_first_of(std::string_view{"\r\n\0", 3}) == s.npos;
}

} // namespace

curl_loop_transfer::curl_loop_transfer(curl_loop_context& context)
    : context_{context}, easy_{curl_easy_init()} {
  if (!easy_)
    throw std::bad_alloc{};
  set_constant_options();
}

curl_loop_transfer::~curl_loop_transfer() { curl_easy_cleanup(easy_); }

void curl_loop_transfer::set_constant_options() {
  const curl_loop_settings& s = context_.settings;
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // A slow name server must not block the thread when its transfer is removed.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, s.user_agent.c_str());
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<int64_t>(1, to_ms(s.connect_timeout))));
  curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, receive_buffer);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, 15L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, s.verify_certificates ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, s.verify_certificates ? 2L : 0L);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, context_.open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, context_.close);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA,
                   context_.owner); // Connections live longer than transfers.
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &on_prereq);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

/// Uses the bundle of this exchange, else that of the loop, else that of the system. libcurl shares
/// no connection between different bundles.
void curl_loop_transfer::set_trust() {
  const auto& file = exchange_.ca_file.empty() ? context_.settings.ca_file : exchange_.ca_file;
  if (file == ca_file_set_)
    return;
  const char* name = file.c_str();
  if (file.empty()) // With null, no certificate would be trusted.
    curl_easy_getinfo(easy_, CURLINFO_CAINFO, &name);
  curl_easy_setopt(easy_, CURLOPT_CAINFO, name);
  ca_file_set_ = file;
}

std::string curl_loop_transfer::prepare(core::exchange x, time_point submitted) {
  exchange_ = std::move(x);
  response_ = {};
  submitted_ = submitted;
  last_byte_ = submitted;
  has_byte_ = is_paused_ = head_told_ = false;
  credit_ = 0;
  grant(exchange_.credit);
  part_bytes_ = 0;
  header_bytes_ = 0;
  sends_ = 0;
  resend_refused_ = false;
  cut_ = cut_reason::none;
  error_text_[0] = '\0';
  const core::http_request& req = exchange_.request;
  set_trust();
  if (!is_clean(req.url) || req.url.empty())
    return "the url is empty or holds a line break";
  if (req.method != "GET" && req.method != "POST" && req.method != "PUT" && req.method != "DELETE")
    return "the method must be GET, POST, PUT or DELETE";
  if (!set_headers())
    return "a header holds a line break";
  if (url_set_ != req.url) {
    if (curl_easy_setopt(easy_, CURLOPT_URL, req.url.c_str()) != CURLE_OK)
      return "the url is too long";
    url_set_ = req.url;
    // With TLS, wait for the handshake, which decides whether one connection is enough for all.
    // Without TLS only an answer would decide: all requests would wait for the first answer.
    const bool is_tls = req.url.size() > 5 && core::equal_nocase(req.url.substr(0, 6), "https:");
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION,
                     long{is_tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, is_tls ? 1L : 0L);
  }
  set_method();
  return {};
}

bool curl_loop_transfer::set_headers() {
  const auto& headers = exchange_.request.headers;
  header_text_.clear();
  header_nodes_.clear();
  size_t bytes = 64;
  for (const auto& [name, value] : headers)
    bytes += name.size() + value.size() + 3;
  // Both must not grow below, because libcurl gets pointers into them.
  header_text_.reserve(bytes);
  header_nodes_.reserve(headers.size() + 2);
  auto add = [this](std::string_view name, std::string_view separator, std::string_view value) {
    header_nodes_.push_back({header_text_.data() + header_text_.size(), nullptr});
    header_text_.append(name).append(separator).append(value).push_back('\0');
  };
  bool typed = false;
  for (const auto& [name, value] : headers) {
    if (!is_clean(name) || !is_clean(value) || name.empty())
      return false;
    typed = typed || core::equal_nocase(name, "content-type");
    add(name, value.empty() ? ";" : ": ", value); // "name:" would mean "leave it out".
  }
  add("Expect", ":", "");
  if (!typed)
    add("Content-Type", ":", ""); // Ours is never a form.
  for (size_t i = 0; i + 1 < header_nodes_.size(); ++i)
    header_nodes_[i].next = &header_nodes_[i + 1];
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_nodes_.data());
  return true;
}

void curl_loop_transfer::set_method() {
  const core::http_request& req = exchange_.request;
  const bool has_body =
    req.method == "POST" || req.method == "PUT" || (req.body && !req.body->empty());
  if (has_body) {
    // Not copied: the exchange keeps the payload alive until it ends.
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, req.body ? req.body->data() : "");
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(req.body ? req.body->size() : 0));
  }
  std::string wanted = req.method + (has_body ? "+" : "");
  if (wanted == method_set_)
    return;
  curl_easy_setopt(easy_, has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
  const bool is_plain = req.method == (has_body ? "POST" : "GET");
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, is_plain ? nullptr : req.method.c_str());
  method_set_ = std::move(wanted);
}

bool curl_loop_transfer::has_sent() const noexcept {
  long bytes = 0;
  return sends_ > 0 && curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &bytes) == CURLE_OK &&
         bytes > 0;
}

bool curl_loop_transfer::refuse_second_send() noexcept {
  resend_refused_ = resend_refused_ || sends_ > 0;
  return resend_refused_;
}

int curl_loop_transfer::on_prereq(void* user, char*, char*, int, int) {
  auto& self = *static_cast<curl_loop_transfer*>(user);
  if (self.refuse_second_send())
    return CURL_PREREQFUNC_ABORT;
  ++self.sends_;
  return CURL_PREREQFUNC_OK;
}

size_t curl_loop_transfer::on_header(char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<curl_loop_transfer*>(user);
  try {
    return self.take_header({data, size * count}) ? size * count : 0;
  } catch (...) { // libcurl is C: no exception may pass through it.
    self.cut_ = cut_reason::memory;
    return 0;
  }
}

size_t curl_loop_transfer::on_body(char* data, size_t size, size_t count, void* user) {
  auto& self = *static_cast<curl_loop_transfer*>(user);
  try {
    if (self.exchange_.parts)
      return self.take_part({data, size * count});
    return self.take_body({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
  } catch (...) {
    self.cut_ = cut_reason::memory;
    return CURL_WRITEFUNC_ERROR;
  }
}

bool curl_loop_transfer::take_header(std::string_view line) {
  last_byte_ = context_.now;
  has_byte_ = true;
  header_bytes_ += line.size();
  if (header_bytes_ > header_bytes_max) {
    cut_ = cut_reason::headers;
    return false;
  }
  if (line.starts_with("HTTP/")) { // The headers before belong to a 100 or 103.
    response_.headers.clear();
    response_.headers.reserve(16);
    return true;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos) {
    if (exchange_.parts && core::trim(line).empty())
      tell_head();
    return true;
  }
  auto& [name, value] =
    response_.headers.emplace_back(line.substr(0, colon), core::trim(line.substr(colon + 1)));
  std::ranges::transform(name, name.begin(), [](char c) { return core::to_lower(c); });
  if (name != "content-length")
    return true;
  uint64_t length = 0;
  if (std::from_chars(value.data(), value.data() + value.size(), length).ec != std::errc{})
    return true; // libcurl checks it.
  if (length > exchange_.body_max) {
    cut_ = cut_reason::body;
    return false;
  }
  if (!exchange_.parts)
    response_.body.reserve(std::min(length, reserve_max));
  return true;
}

bool curl_loop_transfer::take_body(std::string_view bytes) {
  last_byte_ = context_.now;
  if (bytes.size() > exchange_.body_max - response_.body.size()) {
    cut_ = cut_reason::body;
    return false;
  }
  response_.body.append(bytes);
  return true;
}

core::transport_error curl_loop_transfer::failure_of(CURLcode code) const {
  using core::transport_error;
  if (code == CURLE_OK)
    return transport_error::none;
  if (resend_refused_)
    return transport_error::stale_connection;
  switch (cut_) {
  case cut_reason::body: return transport_error::body_too_large;
  case cut_reason::headers: return transport_error::protocol;
  case cut_reason::memory: return transport_error::other;
  case cut_reason::none: break;
  }
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY: return transport_error::dns;
  case CURLE_COULDNT_CONNECT:
  case CURLE_PROXY:
  case CURLE_OPERATION_TIMEDOUT: return transport_error::connect; // Other timeouts are our own.
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_ENGINE_NOTFOUND:
  case CURLE_SSL_ENGINE_SETFAILED:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_SHUTDOWN_FAILED:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_CLIENTCERT: return transport_error::tls;
  case CURLE_UNSUPPORTED_PROTOCOL: // Before the send: the url's scheme. After it: HTTP/0.9.
    return sends_ > 0 ? transport_error::protocol : transport_error::other;
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_HTTP2: return transport_error::protocol;
  case CURLE_FILESIZE_EXCEEDED: return transport_error::body_too_large;
  case CURLE_RECV_ERROR:
    if (sends_ == 0) // A proxy refused the tunnel.
      return transport_error::connect;
    // libcurl has no special code for an invalid chunk.
    return std::string_view{error_text_}.find("chunked-encoding") != std::string_view::npos
             ? transport_error::protocol
             : transport_error::reset;
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_PARTIAL_FILE:
  case CURLE_HTTP2_STREAM: return transport_error::reset;
  default: return transport_error::other;
  }
}

core::http_response curl_loop_transfer::finish(CURLcode code) {
  std::string_view cause = *error_text_ ? std::string_view{error_text_} : curl_easy_strerror(code);
  if (resend_refused_)
    cause = "the kept-alive connection died before an answer";
  else if (cut_ == cut_reason::body)
    cause = "the answer is longer than allowed";
  else if (cut_ == cut_reason::headers)
    cause = "more than 64 KiB of headers";
  else if (cut_ == cut_reason::memory)
    cause = "out of memory";
  return take(failure_of(code), cause);
}

core::http_response curl_loop_transfer::finish(core::transport_error failure,
                                               std::string_view text) {
  return take(failure, text);
}

core::http_response curl_loop_transfer::take(core::transport_error failure,
                                             std::string_view cause) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response_.sent = has_sent();
  response_.status = sends_ > 0 ? static_cast<int>(status) : 0;
  response_.elapsed = context_.now - submitted_;
  response_.failure = failure;
  if (failure != core::transport_error::none) {
    response_.failure_text.assign(authority(exchange_.request.url)).append(": ").append(cause);
    response_.body = {};
  }
  if (resend_refused_) {
    // libcurl counts re-sends over the life of a handle and after five gives another error.
    curl_easy_reset(easy_);
    set_constant_options();
    url_set_.clear();
    method_set_.clear();
    ca_file_set_.clear();
  }
  exchange_.request.body.reset(); // Free it now, not with the next exchange.
  exchange_.parts.reset();
  return std::move(response_);
}

} // namespace penstock::io
