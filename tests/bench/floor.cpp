// The floor: the least time that libcurl needs for so many requests, without our code. It has one
// multi handle, one thread, `curl_multi_socket_action` with epoll, and the cheapest method that we
// know: descriptors stay in epoll while idle, handles are reused unchanged, and each request
// follows the last one without a queue. The cost of Penstock is given as a ratio to this.
#include "tests/bench/measure.hpp"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

namespace {

using penstock::bench::measurement;
using penstock::bench::options;

/// One easy handle.
struct transfer {
  CURL* easy = nullptr;
  measurement::clock::time_point begin{};
  std::string body;
};

class bare_loop {
public:
  bare_loop(const options& o, const std::string& body) : options_{o}, measured_{o.requests} {
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Authorization: Bearer sk-benchmark");
    headers_ = curl_slist_append(headers_, "Expect:");
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(o.in_flight + 16));
    for (size_t i = 0; i < o.in_flight; ++i)
      add(body);
  }
  ~bare_loop() {
    for (const auto& t : transfers_) {
      curl_multi_remove_handle(multi_, t->easy);
      curl_easy_cleanup(t->easy);
    }
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
    ::close(epoll_);
  }
  bare_loop(const bare_loop&) = delete;
  bare_loop& operator=(const bare_loop&) = delete;

  int run() {
    for (const auto& t : transfers_)
      start(*t);
    std::array<epoll_event, 256> events;
    int running = 0;
    while (measured_.count() < options_.requests) {
      if (timer_ms_ == 0) {
        timer_ms_ = -1;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        drain();
        continue;
      }
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                     static_cast<int>(timer_ms_));
      if (count == 0)
        timer_ms_ = 0;
      for (int i = 0; i < count; ++i)
        serve(events[static_cast<size_t>(i)]);
    }
    return measured_.report();
  }

private:
  struct watched {
    uint32_t mask = 0;
    bool is_idle = false;
  };

  static size_t on_body(char* data, size_t size, size_t count, void* user) {
    static_cast<transfer*>(user)->body.append(data, size * count);
    return size * count;
  }
  static int on_timer(CURLM*, long ms, void* user) {
    static_cast<bare_loop*>(user)->timer_ms_ = ms;
    return 0;
  }
  static int on_close(void* user, curl_socket_t fd) {
    static_cast<bare_loop*>(user)->note(fd) = {};
    return ::close(fd);
  }
  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
    auto& self = *static_cast<bare_loop*>(user);
    watched& w = self.note(fd);
    w.is_idle = what == CURL_POLL_REMOVE;
    uint32_t wanted = EPOLLIN;
    if (!w.is_idle)
      wanted = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (w.mask == wanted)
      return 0;
    epoll_event event{.events = wanted, .data = {.fd = fd}};
    ::epoll_ctl(self.epoll_, w.mask != 0 ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    w.mask = wanted;
    return 0;
  }

  watched& note(curl_socket_t fd) {
    const auto at = static_cast<size_t>(fd);
    if (at >= watched_.size())
      watched_.resize(2 * at + 64);
    return watched_[at];
  }
  void add(const std::string& body) {
    transfer& t = *transfers_.emplace_back(std::make_unique<transfer>());
    t.easy = curl_easy_init();
    curl_easy_setopt(t.easy, CURLOPT_PRIVATE, &t);
    curl_easy_setopt(t.easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t.easy, CURLOPT_URL, options_.url.c_str());
    curl_easy_setopt(t.easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(t.easy, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(t.easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(t.easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(t.easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(t.easy, CURLOPT_WRITEDATA, &t);
    curl_easy_setopt(t.easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close);
    curl_easy_setopt(t.easy, CURLOPT_CLOSESOCKETDATA, this);
  }
  void start(transfer& t) {
    if (started_ == options_.requests)
      return;
    ++started_;
    t.body.clear();
    t.begin = measurement::clock::now();
    curl_multi_add_handle(multi_, t.easy);
  }
  void serve(const epoll_event& event) {
    watched& w = note(event.data.fd);
    if (w.is_idle) { // The server has closed it; epoll would report that for ever.
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, event.data.fd, nullptr);
      w.mask = 0;
      return;
    }
    const int bits = (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) |
                     (event.events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
    int running = 0;
    curl_multi_socket_action(multi_, event.data.fd, bits, &running);
    drain();
  }
  void drain() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      char* user = nullptr;
      long status = 0;
      const bool ok = message->data.result == CURLE_OK;
      CURL* easy = message->easy_handle;
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_multi_remove_handle(multi_, easy);
      auto& t = *reinterpret_cast<transfer*>(user);
      measured_.add(measurement::clock::now() - t.begin, ok && status == 200);
      start(t);
    }
  }

  const options& options_;
  measurement measured_;
  CURLM* multi_ = curl_multi_init();
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  curl_slist* headers_ = nullptr;
  long timer_ms_ = -1;
  size_t started_ = 0;
  std::vector<watched> watched_;
  std::vector<std::unique_ptr<transfer>> transfers_;
};

} // namespace

int main(int argc, char** argv) {
  const options o = penstock::bench::parse_options(argc, argv);
  const std::string body = penstock::bench::chat_body(o.body_bytes);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  bare_loop loop{o, body};
  return loop.run();
}
