// The part of `curl_loop_thread` for epoll: it knows the multi handle of each descriptor.
//
// The usual way is to remove a descriptor from epoll when its connection is idle, and to add it
// again for the next request; that needs 38 % more CPU. Here it stays in epoll. If the server
// closes an idle connection, its first event removes it, because epoll would report it for ever.
// libcurl notices the close when it uses the connection again.
#include "core/io/http/curl_loop_thread.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::io {

namespace {

/// If sent bytes are not acknowledged for so long, the path is dead. Without this limit, requests
/// on a dead HTTP/2 connection would be lost until the kernel gives up (15 minutes).
constexpr unsigned unacknowledged_max_ms = 45'000;
/// The tag of the eventfd among the tags of sockets.
constexpr uint64_t wakeup_tag = ~uint64_t{0};

[[noreturn]] void raise(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

} // namespace

curl_socket_t curl_loop_thread::on_open(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<curl_loop_transfer*>(user);
  // Do not open a connection for a second send, because that is not allowed.
  if (transfer.refuse_second_send())
    return CURL_SOCKET_BAD;
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0)
    return CURL_SOCKET_BAD;
  if (address->family == AF_INET || address->family == AF_INET6)
    ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_max_ms,
                 sizeof unacknowledged_max_ms);
  if (socket* s = static_cast<curl_loop_thread*>(transfer.owner())->find_socket(fd)) {
    *s = {.generation = s->generation + 1, .is_ours = true};
    return fd;
  }
  ::close(fd);
  return CURL_SOCKET_BAD;
}

int curl_loop_thread::on_close(void* user, curl_socket_t fd) {
  // Closing removes it from epoll; its number may be used again at once.
  if (socket* s = static_cast<curl_loop_thread*>(user)->find_socket(fd))
    *s = {.generation = s->generation + 1};
  return ::close(fd);
}

int curl_loop_thread::on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
  auto& home = *static_cast<shard*>(user);
  return home.owner->watch(fd, what, home) ? 0 : -1;
}

int curl_loop_thread::on_timer(CURLM*, long timeout_ms, void* user) {
  auto& home = *static_cast<shard*>(user);
  home.timer = timeout_ms < 0 ? time_point::max()
                              : home.owner->context_.now + std::chrono::milliseconds{timeout_ms};
  return 0;
}

curl_loop_thread::socket* curl_loop_thread::find_socket(curl_socket_t fd) noexcept {
  const auto at = static_cast<size_t>(fd);
  try {
    if (at >= sockets_.size())
      sockets_.resize(2 * at + 64);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return &sockets_[at];
}

bool curl_loop_thread::watch(curl_socket_t fd, int what, shard& home) noexcept {
  socket* s = find_socket(fd);
  if (!s)
    return false;
  s->home = &home;
  s->is_idle = what == CURL_POLL_REMOVE;
  if (s->is_idle && !s->is_ours) { // A socket of the resolver: it is closed without a callback.
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    *s = {.generation = s->generation + 1};
    return true;
  }
  uint32_t wanted = EPOLLIN;
  if (!s->is_idle)
    wanted = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  if (s->mask == wanted)
    return true;
  epoll_event event{.events = wanted,
                    .data = {.u64 = uint64_t{s->generation} << 32 | static_cast<uint32_t>(fd)}};
  const int operation = s->mask == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  s->mask = wanted;
  if (::epoll_ctl(epoll_, operation, fd, &event) == 0)
    return true;
  // Our entry is of an earlier descriptor with this number.
  const int other = operation == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  return (errno == ENOENT || errno == EEXIST) && ::epoll_ctl(epoll_, other, fd, &event) == 0;
}

void curl_loop_thread::open() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0)
    raise("epoll_create1");
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0)
    raise("eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = wakeup_tag}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    ::close(fd);
    raise("epoll_ctl");
  }
  const std::lock_guard lock{mutex_};
  wakeup_ = fd;
}

int curl_loop_thread::wait_ms() {
  time_point until = deadlines_.empty() ? time_point::max() : deadlines_.next_due();
  for (const auto& s : shards_)
    until = std::min(until, s->timer);
  int wait = -1;
  if (until != time_point::max()) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(until - context_.now).count();
    wait = static_cast<int>(std::clamp<int64_t>(ms, 0, 60'000));
  }
  const std::lock_guard lock{mutex_};
  if (is_stopping_ || !inbox_.empty())
    return 0;
  is_asleep_ = wait != 0;
  return wait;
}

void curl_loop_thread::wait_and_serve() {
  std::array<epoll_event, 256> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
  if (count < 0 && errno != EINTR)
    raise("epoll_wait");
  context_.now = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    serve_socket(events[static_cast<size_t>(i)].data.u64, events[static_cast<size_t>(i)].events);
}

void curl_loop_thread::serve_socket(uint64_t tag, uint32_t events) {
  if (tag == wakeup_tag) {
    uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(wakeup_, &count, sizeof count);
    return;
  }
  const auto fd = static_cast<curl_socket_t>(tag & 0xffff'ffffu);
  socket& s = sockets_[static_cast<size_t>(fd)];
  if (s.generation != static_cast<uint32_t>(tag >> 32) || s.mask == 0)
    return; // Closed by an event before this one.
  if (s.is_idle) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
    s.mask = 0;
    return;
  }
  // Report an error as readiness: libcurl gets the error from its next read or write.
  const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  int bits = 0;
  if ((events & EPOLLIN) != 0 || (is_broken && (s.mask & EPOLLIN) != 0))
    bits |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0 || (is_broken && (s.mask & EPOLLOUT) != 0))
    bits |= CURL_CSELECT_OUT;
  shard& home = *s.home; // The call may move `sockets_`.
  int running = 0;
  curl_multi_socket_action(home.multi, fd, bits, &running);
  drain(home);
}

} // namespace penstock::io
