#include "tests/support/raw_server.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <map>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::test {

namespace {

using clock = std::chrono::steady_clock;

int check(int value, const char* what) {
  if (value < 0)
    throw std::system_error{errno, std::generic_category(), what};
  return value;
}

/// One accepted connection.
struct connection {
  int fd = -1;
  SSL* tls = nullptr;
  size_t requests = 0;
  std::string in;
  raw_reply out;
  size_t written = 0;
  bool is_answering = false;
  bool wants_write = false;
  clock::time_point next_drip{};

  ~connection() {
    SSL_free(tls);
    if (fd >= 0)
      ::close(fd);
  }
  /// Like recv: 0 is the end, -1 with EAGAIN is "later".
  ssize_t read(char* to, size_t size) const {
    if (!tls)
      return ::recv(fd, to, size, 0);
    const int n = SSL_read(tls, to, static_cast<int>(size));
    return n > 0 ? n : later(n);
  }
  ssize_t write(const char* from, size_t size) const {
    if (!tls)
      return ::send(fd, from, size, MSG_NOSIGNAL);
    const int n = SSL_write(tls, from, static_cast<int>(size));
    return n > 0 ? n : later(n);
  }
  ssize_t later(int n) const {
    const int why = SSL_get_error(tls, n);
    errno = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
};

/// Size of the first complete request in `in`, 0 if there is none yet. `head` gets the size of its
/// head.
size_t whole_request(const std::string& in, size_t& head) {
  const size_t end = in.find("\r\n\r\n");
  if (end == in.npos)
    return 0;
  head = end + 4;
  size_t length = 0;
  constexpr std::string_view field = "\r\nContent-Length: ";
  if (const size_t at = in.find(field); at < end)
    std::from_chars(in.data() + at + field.size(), in.data() + end, length);
  return in.size() >= head + length ? head + length : 0;
}

} // namespace

raw_reply ok_reply(std::string body, std::string extra_headers) {
  return {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n" + extra_headers + "\r\n" + body};
}

struct raw_server::impl {
  script answer;
  SSL_CTX* tls = nullptr;
  int listener = -1;
  int epoll = -1;
  int stopper = -1;
  uint16_t port = 0;
  std::atomic<size_t> requests{0};
  std::atomic<size_t> connections{0};
  std::map<int, connection> open;
  std::thread thread;

  impl(script f, const tls_identity* identity);
  ~impl();
  void run();
  void accept_all();
  void serve(connection& c, uint32_t events);
  bool read_some(connection& c);
  bool write_some(connection& c);
  bool finish_reply(connection& c);
  bool answer_next(connection& c);
  void watch(connection& c, bool write);
  int serve_drips();
};

void use_identity(SSL_CTX* context, const tls_identity& identity);

raw_server::impl::impl(script f, const tls_identity* identity) : answer{std::move(f)} {
  if (identity) {
    tls = SSL_CTX_new(TLS_server_method());
    use_identity(tls, *identity);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  listener = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  check(::bind(listener, raw, size), "bind");
  check(::listen(listener, 1024), "listen");
  check(::getsockname(listener, raw, &size), "getsockname");
  port = ntohs(address.sin_port);
  epoll = check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  stopper = check(::eventfd(0, EFD_CLOEXEC), "eventfd");
  for (const int fd : {listener, stopper}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  thread = std::thread{[this] { run(); }};
}

raw_server::impl::~impl() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stopper, &one, sizeof one);
  thread.join();
  open.clear();
  for (const int fd : {listener, stopper, epoll})
    ::close(fd);
  SSL_CTX_free(tls);
}

void raw_server::impl::run() {
  epoll_event events[256];
  for (int wait = -1;; wait = serve_drips()) {
    const int count = ::epoll_wait(epoll, events, 256, wait);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == stopper)
        return;
      if (fd == listener)
        accept_all();
      else if (const auto found = open.find(fd); found != open.end())
        serve(found->second, events[i].events);
    }
  }
}

void raw_server::impl::accept_all() {
  int fd = -1;
  while ((fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    ++connections;
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connection& c = open[fd];
    c.fd = fd;
    if (tls) {
      c.tls = SSL_new(tls);
      SSL_set_fd(c.tls, fd);
      SSL_set_accept_state(c.tls);
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

void raw_server::impl::watch(connection& c, bool write) {
  if (std::exchange(c.wants_write, write) == write)
    return;
  epoll_event event{.events = EPOLLIN | (write ? EPOLLOUT : 0u), .data = {.fd = c.fd}};
  ::epoll_ctl(epoll, EPOLL_CTL_MOD, c.fd, &event);
}

void raw_server::impl::serve(connection& c, uint32_t events) {
  bool alive = true;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
    alive = read_some(c);
  while (alive && c.is_answering && c.out.drip_interval_ms == 0 && write_some(c))
    alive = finish_reply(c) && answer_next(c);
  if (!alive || c.fd < 0)
    open.erase(c.fd);
}

bool raw_server::impl::read_some(connection& c) {
  char buffer[16384];
  for (;;) {
    const ssize_t n = c.read(buffer, sizeof buffer);
    if (n < 0 && errno == EAGAIN)
      break;
    if (n <= 0)
      return false;
    c.in.append(buffer, static_cast<size_t>(n));
  }
  return answer_next(c);
}

bool raw_server::impl::answer_next(connection& c) {
  size_t head = 0;
  const size_t size = c.is_answering ? 0 : whole_request(c.in, head);
  if (size == 0)
    return true;
  raw_request request{requests++, c.requests++, c.in.substr(0, head),
                      c.in.substr(head, size - head)};
  c.in.erase(0, size);
  c.out = answer(request);
  c.written = 0;
  c.is_answering = true;
  c.next_drip = clock::now();
  return true;
}

/// @returns whether the reply is sent, or cannot be sent.
bool raw_server::impl::write_some(connection& c) {
  while (c.written < c.out.bytes.size()) {
    const ssize_t n = c.write(c.out.bytes.data() + c.written, c.out.bytes.size() - c.written);
    if (n <= 0) {
      watch(c, n < 0 && errno == EAGAIN);
      return !c.wants_write;
    }
    c.written += static_cast<size_t>(n);
    if (c.out.endless && c.written == c.out.bytes.size())
      c.written -= std::min<size_t>(4096, c.written);
  }
  watch(c, false);
  return true;
}

/// @returns false if the connection must be closed.
bool raw_server::impl::finish_reply(connection& c) {
  if (c.written < c.out.bytes.size())
    return false; // The client has closed the connection.
  switch (c.out.after) {
  case raw_reply::ending::keep: c.is_answering = false; return true;
  case raw_reply::ending::hang:
    c.out = {.bytes = {}, .after = raw_reply::ending::hang, .drip_interval_ms = 1u << 30};
    return true;
  case raw_reply::ending::close: return false;
  case raw_reply::ending::reset: break;
  }
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  return false;
}

/// Sends the single bytes that are due. @returns how long epoll may wait.
int raw_server::impl::serve_drips() {
  int wait = -1;
  const auto now = clock::now();
  for (auto at = open.begin(); at != open.end();) {
    connection& c = (at++)->second;
    if (!c.is_answering || c.out.drip_interval_ms == 0 || c.written >= c.out.bytes.size())
      continue;
    const auto interval = std::chrono::milliseconds{c.out.drip_interval_ms};
    if (c.next_drip <= now) {
      c.next_drip = now + interval;
      if (c.write(c.out.bytes.data() + c.written, 1) == 1)
        ++c.written;
      if (c.written == c.out.bytes.size() && !finish_reply(c)) {
        open.erase(c.fd);
        continue;
      }
    }
    wait = wait < 0 ? static_cast<int>(interval.count())
                    : std::min(wait, static_cast<int>(interval.count()));
  }
  return wait;
}

raw_server::raw_server(script answer) : impl_{std::make_unique<impl>(std::move(answer), nullptr)} {}
raw_server::raw_server(script answer, const tls_identity& identity)
    : impl_{std::make_unique<impl>(std::move(answer), &identity)} {}
raw_server::~raw_server() = default;

std::string raw_server::url(const std::string& path) const {
  return (impl_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(impl_->port) +
         path;
}
uint16_t raw_server::port() const noexcept { return impl_->port; }
size_t raw_server::requests() const noexcept { return impl_->requests; }
size_t raw_server::connections() const noexcept { return impl_->connections; }

} // namespace penstock::test
