#pragma once

// Only for the two sources of the HTTP server, because Boost.Asio and Beast compile slowly.
#include "core/io/http/http_server.hpp"

#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <map>
#include <optional>
#include <queue>
#include <unordered_set>
#include <vector>

namespace penstock::io {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

inline std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }

/// What happens to a connection after an answer. `keep` still closes it if the client asked for
/// that.
enum class after_answer : uint8_t { keep, close, reset };

/// State of a server. Connections own it, so that a late `http_exchange` never uses a dead loop.
struct http_server::impl : std::enable_shared_from_this<http_server::impl> {
  impl(http_server_options o, handler h) : options(std::move(o)), handle(std::move(h)) {}

  void accept();
  void accepted(const boost::system::error_code& ec, tcp::socket socket);
  /// Closes connections after their deadline. One timer for all, because a timer per connection
  /// would cost more than the requests.
  void sweep();
  void arm_timer();
  void fire_timers();
  void stop_now();
  void drain_now();
  /// The `date` header's value, made once a second.
  const std::string& date();

  struct timer_entry {
    time_point at;
    uint64_t serial; ///< Keeps the order of equal times.
    std::shared_ptr<std::function<void()>> run;
    bool operator>(const timer_entry& o) const {
      return at != o.at ? at > o.at : serial > o.serial;
    }
  };

  http_server_options options;
  handler handle;
  /// Set by servers that lie: whether to close a connection whose next request waits unread.
  std::function<bool(uint64_t connection, uint32_t served)> refuse_unread;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_timer{io};
  asio::steady_timer sweep_timer{io};
  asio::steady_timer wheel{io};
  std::priority_queue<timer_entry, std::vector<timer_entry>, std::greater<>> timers;
  time_point wheel_at = time_point::max();
  uint64_t timer_serial = 0;
  std::unordered_set<http_connection*> connections;
  std::map<asio::ip::address, uint32_t> addresses; ///< Number of connections of each client.
  /// One receive buffer for all connections.
  std::vector<char> scratch = std::vector<char>(64u << 10);
  http_server_counters counters;
  std::string date_text;
  std::chrono::system_clock::rep date_second = -1;
  bool accepting = false;
  bool accept_paused = false;
  bool draining = false;
  bool stopped = false;
  std::atomic<bool> ended{false};
};

/// One client connection. A reactor: it waits for the socket to become readable or writable and
/// then reads or writes without blocking, so that idle connections hold no buffer.
///
///   idle -> reading -> handling -> (idle | closed)
///
/// The next request is parsed only after the answer to the last one is with the kernel; bytes that
/// come earlier wait in `pending_`, at most `pending_max` of them.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
  http_connection(std::shared_ptr<http_server::impl> s, tcp::socket socket, uint64_t id,
                  asio::ip::address client);
  ~http_connection();

  void start();
  void close();
  void reset();
  void close_if_late(time_point now);
  void close_if_idle();

  /// Runs `f` on the loop if the exchange `serial` is still the current one without an answer.
  template <class F>
  void on_loop(uint64_t serial, F f) {
    asio::dispatch(server_->io, [self = shared_from_this(), serial, f = std::move(f)]() mutable {
      f(*self, self->is_open(serial));
    });
  }
  bool is_open(uint64_t serial) const {
    return phase_ == phase::handling && serial_ == serial && !finishing_;
  }
  void reply(http_reply r);
  void begin(http_reply r);
  void write_chunk(std::string_view bytes, std::function<void(bool)> written);
  void end_stream();
  void write(std::string_view bytes, std::function<void(bool)> written);
  void finish(after_answer how);
  void add_on_closed(std::function<void()> f) { on_closed_.push_back(std::move(f)); }

  using parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  const parser::value_type& message() const { return parser_->get(); }
  uint64_t id() const { return id_; }
  uint32_t served() const { return served_; }

private:
  enum class phase : uint8_t { idle, reading, handling, closed };

  void wait_read();
  void readable();
  void feed(const char* data, size_t size);
  /// Parses the bytes in `pending_` until the handler has a request.
  void advance();
  /// @returns the number of bytes used. Calls the handler when a request is complete.
  size_t parse(const char* data, size_t size);
  void refuse(boost::system::error_code ec);
  void refuse(int status, std::string_view why);
  void put_head(const http_reply& r, bool chunked);
  void flush();
  void flushed();
  void leave_server();

  static constexpr size_t pending_max = 256u << 10;

  std::shared_ptr<http_server::impl> server_;
  tcp::socket socket_;
  uint64_t id_;
  asio::ip::address client_;
  uint64_t serial_ = 0;
  uint32_t served_ = 0;
  phase phase_ = phase::idle;
  bool reading_ = false; ///< Waits for readability.
  bool writing_ = false; ///< Waits for writability.
  bool parsing_ = false; ///< `parse` is on the stack and will go on.
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool continued_ = false; ///< "100 Continue" was sent.
  bool finishing_ = false; ///< The answer is complete; only bytes wait.
  after_answer end_ = after_answer::keep;
  time_point deadline_;
  std::optional<parser> parser_;
  std::string pending_;
  std::string out_;
  size_t out_sent_ = 0;
  std::function<void(bool)> written_;
  std::vector<std::function<void()>> on_closed_;
};

/// For servers that break HTTP on purpose.
struct http_internals {
  static http_server::impl& impl_of(http_server& server) { return *server.impl_; }
  template <class F>
  static void on_loop(const http_exchange& e, F f) {
    e.connection_->on_loop(e.serial_, std::move(f));
  }
};

} // namespace penstock::io
