#pragma once

#include "core/io/http/curl_loop.hpp"
#include "core/io/http/curl_loop_deadlines.hpp"
#include "core/io/http/curl_loop_transfer.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

// Internal to core/io.
namespace penstock::io {

/// One thread of a `curl_loop`: an epoll loop around several multi handles ("shards").
///
/// libcurl 7.88 searches all connections of a host for every request, so a multi handle with 1,000
/// of them needs twice the CPU of one with 64. So a transfer uses the first shard with room. Shards
/// are made on demand and closed after `shard_idle` without a transfer. Filling from the front
/// keeps few connections in use when the load shrinks.
///
/// One round: take the inbox, run libcurl's timers, expire deadlines, deliver completions, wait,
/// handle the sockets. The clock is read twice per round.
class curl_loop_thread {
public:
  curl_loop_thread(const curl_loop_settings& settings, const curl_loop::deliver_fn& deliver);
  ~curl_loop_thread();
  curl_loop_thread(const curl_loop_thread&) = delete;
  curl_loop_thread& operator=(const curl_loop_thread&) = delete;

  void submit(std::vector<core::exchange> batch);
  void cancel(uint64_t id);
  void grant(uint64_t id, uint64_t bytes);
  /// Aborts all exchanges and joins. Later submits are ignored.
  void stop();
  size_t in_flight() const noexcept { return in_flight_.load(std::memory_order_relaxed); }

private:
  /// A multi handle.
  struct shard {
    CURLM* multi = nullptr; ///< Null: not made yet, or dropped.
    curl_loop_thread* owner = nullptr;
    size_t index = 0;
    size_t in_flight = 0;
    time_point timer = time_point::max(); ///< When libcurl wants to be called.
    time_point empty_since{};
  };
  /// The state of a file descriptor.
  struct socket {
    shard* home = nullptr;
    uint32_t mask = 0;       ///< The events in epoll; 0: not in epoll.
    uint32_t generation = 0; ///< Identifies events of an earlier socket with the same number.
    bool is_idle = false;    ///< No transfer uses it.
    bool is_ours = false;    ///< Opened by `on_open`; others are closed without a callback.
  };
  /// Calls from other threads. A cancel counts for earlier submits, a credit for all of them.
  struct inbox {
    struct cancellation {
      size_t after; ///< Number of `exchanges` submitted before it.
      uint64_t id;
    };
    std::vector<std::pair<core::exchange, time_point>> exchanges;
    std::vector<cancellation> cancellations;
    std::vector<std::pair<uint64_t, uint64_t>> credits; ///< Id and bytes.
    bool empty() const noexcept {
      return exchanges.empty() && cancellations.empty() && credits.empty();
    }
  };

  static curl_socket_t on_open(void* user, curlsocktype, curl_sockaddr* address);
  static int on_close(void* user, curl_socket_t fd);
  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*);
  static int on_timer(CURLM*, long timeout_ms, void* user);

  void open();
  void run() noexcept;
  void run_rounds();
  void run_broken(std::string_view why);
  void close() noexcept;
  bool take_inbox();
  void start(core::exchange x, time_point submitted);
  void stop_one(uint64_t id);
  void add_credit(uint64_t id, uint64_t bytes);
  shard& shard_with_room();
  void serve_timers();
  void serve_socket(uint64_t tag, uint32_t events);
  socket* find_socket(curl_socket_t fd) noexcept;
  bool watch(curl_socket_t fd, int what, shard& home) noexcept;
  void expire();
  void drop_empty_shards();
  void drain(shard& s);
  void wait_and_serve();
  int wait_ms();
  void end(curl_loop_transfer& t, core::http_response response);
  void complete(uint64_t id, core::http_response response);
  void take_out(curl_loop_transfer& t);
  void deliver();
  void wake(std::unique_lock<std::mutex> lock);

  curl_loop_context context_;
  const curl_loop::deliver_fn& deliver_;
  int epoll_ = -1;
  int wakeup_ = -1;             ///< An eventfd.
  std::vector<socket> sockets_; ///< By file descriptor.
  std::vector<std::unique_ptr<shard>> shards_;
  std::vector<std::unique_ptr<curl_loop_transfer>> transfers_; ///< All transfers.
  std::vector<curl_loop_transfer*> spare_;                     ///< Transfers without an exchange.
  std::unordered_map<uint64_t, curl_loop_transfer*> by_id_;
  curl_loop_deadlines<curl_loop_transfer> deadlines_;
  std::vector<core::completion> completions_;
  inbox taken_;
  time_point next_sweep_{};

  std::atomic<size_t> in_flight_{0};
  std::mutex mutex_;                      ///< Guards the rest.
  std::condition_variable broken_wakeup_; ///< Replaces the eventfd of a broken loop.
  inbox inbox_;
  bool is_asleep_ = false; ///< Waiting, or about to wait, with an empty inbox.
  bool is_stopping_ = false;
  std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace penstock::io
