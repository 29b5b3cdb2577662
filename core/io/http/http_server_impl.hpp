#pragma once

// Only for the two sources of the HTTP server, because Boost.Asio and Beast compile slowly.
#include "core/io/http/http_clients.hpp"
#include "core/io/http/http_server.hpp"
#include "core/io/http/http_tls.hpp"

#include <boost/asio.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace penstock::io {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

inline std::string_view view(boost::beast::string_view s) { return {s.data(), s.size()}; }

/// What happens to a connection after an answer. `keep` still closes it if the client asked for
/// that.
enum class after_answer : uint8_t { keep, close, reset };

/// A number that one thread changes and any thread reads.
class http_counter {
public:
  void add(uint64_t n) { set(value() + n); }
  void drop() { set(value() - 1); }
  void raise(uint64_t n) {
    if (n > value())
      set(n);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
  void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::atomic<uint64_t> value_{0};
};

/// One thread of a server. Connections own it, so that a late `http_exchange` never uses a dead
/// loop.
struct http_server::impl : std::enable_shared_from_this<http_server::impl> {
  impl(http_server_options o, handler h, planner p, std::shared_ptr<http_clients> c)
      : options(std::move(o)), handle(std::move(h)), plan(std::move(p)), clients(std::move(c)) {}

  /// Serves until it is stopped.
  void run();
  void add_timer(time_point at, std::function<void()> f);
  void add_to(http_server_counters& all) const;

  void accept();
  void accepted(const boost::system::error_code& ec, tcp::socket socket, impl& loop);
  /// Closes connections after their deadline. One timer for all, because a timer per connection
  /// would cost more than the requests.
  void sweep();
  void arm_timer();
  void fire_timers();
  void stop_now();
  void drain_now();
  /// Watches connections that are not read for clients that leave. Runs while there are any.
  void watch_unread();
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
  planner plan;
  std::shared_ptr<http_clients> clients; ///< Of all threads.
  std::shared_ptr<tls_server> tls;       ///< Null: plain HTTP.
  /// Set by servers that lie: whether to close a connection whose next request waits unread.
  std::function<bool(uint64_t connection, uint32_t served)> refuse_unread;
  asio::io_context io{1};
  /// Only the first loop accepts, and deals the connections to all in turn: loops that accept for
  /// themselves get very different numbers of connections.
  tcp::acceptor acceptor{io};
  std::vector<impl*> loops;
  size_t next_loop = 0;
  asio::steady_timer accept_timer{io};
  asio::steady_timer sweep_timer{io};
  asio::steady_timer wheel{io};
  std::priority_queue<timer_entry, std::vector<timer_entry>, std::greater<>> timers;
  time_point wheel_at = time_point::max();
  uint64_t timer_serial = 0;
  std::unordered_set<http_connection*> connections;
  /// Open, but not read for now. Owns them, because no pending read does.
  std::unordered_map<http_connection*, std::shared_ptr<http_connection>> unread;
  asio::steady_timer unread_timer{io};
  bool watching = false;
  std::vector<char> scratch =
    std::vector<char>(64u << 10); ///< One receive buffer for all connections.
  struct {
    http_counter connections, connections_open, connections_refused;
    http_counter requests, requests_on_reused, requests_per_connection_max;
    http_counter bad_requests, timeouts, tls_failures, unsent_peak, bytes_in, bytes_out;
  } counters;
  std::string date_text;
  std::chrono::system_clock::rep date_second = -1;
  bool accepting = false;
  bool accept_paused = false;
  bool draining = false;
  bool stopped = false;
  std::atomic<bool> ended{false};
};

/// The bytes of a request's body as the parser finds them: kept, or passed on.
struct http_body {
  struct value_type {
    std::string text;
    std::shared_ptr<http_body_sink> sink;
    bool paused = false;
  };
  struct reader {
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& v) : value(v) {}
    void init(const boost::optional<uint64_t>&, boost::system::error_code& ec) { ec = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, boost::system::error_code& ec) {
      ec = {};
      size_t all = 0;
      for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
           ++it) {
        const asio::const_buffer b = *it;
        all += b.size();
        add({static_cast<const char*>(b.data()), b.size()});
      }
      return all;
    }
    void finish(boost::system::error_code& ec) { ec = {}; }
    void add(std::string_view part) {
      if (!value.sink)
        value.text.append(part);
      else if (!part.empty() && !value.sink->take(part))
        value.paused = true;
    }
    value_type& value;
  };
};

/// One client connection. A reactor: it waits for the socket to become readable or writable and
/// then reads or writes without blocking, so that idle connections hold no buffer.
///
///   greeting -> idle -> header -> body -> handling -> (idle | lingering | closed)
///
/// `greeting` is the TLS handshake. An exchange exists from the end of the header. The next request
/// is parsed only after the answer to the last one is with the kernel; bytes that come earlier wait
/// in `pending_`, at most `pending_max` of them. `lingering` reads and drops what a refused client
/// still sends, because closing with unread bytes would destroy the answer on its way.
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
  void close_if_gone();

  /// Runs `f` on the loop if the exchange `serial` is still the current one without an answer.
  template <class F>
  void on_loop(uint64_t serial, F f) {
    asio::dispatch(server_->io, [self = shared_from_this(), serial, f = std::move(f)]() mutable {
      f(*self, self->is_open(serial));
    });
  }
  bool is_open(uint64_t serial) const {
    return (phase_ == phase::handling || phase_ == phase::body) && serial_ == serial && !finishing_;
  }
  void reply(http_reply r);
  void begin(http_reply r);
  void write_chunk(std::string_view bytes, std::function<void(bool)> written);
  void end_stream();
  void write(std::string_view bytes, std::function<void(bool)> written);
  void finish(after_answer how);
  void add_on_closed(std::function<void()> f) { on_closed_.push_back(std::move(f)); }
  void resume_body();

  using parser = boost::beast::http::request_parser<http_body>;
  const parser::value_type& message() const { return parser_->get(); }
  uint64_t id() const { return id_; }
  uint32_t served() const { return served_; }
  std::string client() const { return client_.to_string(); }

private:
  enum class phase : uint8_t { greeting, idle, header, body, handling, lingering, closed };

  void wait_read();
  void wait_socket();
  void wait_write();
  void readable();
  bool greet();
  size_t receive(char* data, size_t size, boost::system::error_code& ec);
  size_t send(const char* data, size_t size, boost::system::error_code& ec);
  void feed(const char* data, size_t size);
  /// Parses the bytes in `pending_` until the handler has a request.
  void advance();
  /// @returns the number of bytes used. Calls the handler when a request is complete.
  size_t parse(const char* data, size_t size);
  size_t parse_header(const char* data, size_t size);
  size_t parse_body(const char* data, size_t size);
  /// Decides what becomes of the body. @returns false if the request is answered already.
  bool plan_body();
  void request_is_whole();
  void body_deadline();
  int status_of(boost::system::error_code ec, std::string_view raw) const;
  void refuse(int status);
  void end_request();
  void linger();
  void put_head(const http_reply& r, bool chunked);
  void flush();
  void flushed();
  void leave_server();
  bool is_paused() const { return phase_ == phase::body && parser_->get().body().paused; }

  static constexpr size_t pending_max = 256u << 10;

  std::shared_ptr<http_server::impl> server_;
  tcp::socket socket_;
  std::unique_ptr<tls_stream> tls_;
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
  bool bodiless_ = false;  ///< The answer has no body, whatever is written.
  bool begun_ = false;     ///< The head of the answer is written.
  bool counted_ = false;   ///< Known to `http_clients` as a request in flight.
  bool lingers_ = false;   ///< The client may still be sending when the answer is out.
  bool finishing_ = false; ///< The answer is complete; only bytes wait.
  after_answer end_ = after_answer::keep;
  time_point deadline_;
  time_point body_begun_; ///< Later by the time that the sink has paused.
  time_point paused_since_;
  uint64_t body_bytes_ = 0; ///< Received, with the framing.
  size_t scanned_ = 0;      ///< Bytes of an unfinished header that were looked at.
  std::optional<parser> parser_;
  std::string pending_;
  std::string out_;
  size_t out_sent_ = 0;
  std::function<void(bool)> written_;
  std::vector<std::function<void()>> on_closed_;
};

/// For servers that break HTTP on purpose.
struct http_internals {
  /// The loop of a server that has one thread.
  static http_server::impl& impl_of(http_server& server) { return *server.loops_.front(); }
  template <class F>
  static void on_loop(const http_exchange& e, F f) {
    e.connection_->on_loop(e.serial_, std::move(f));
  }
};

} // namespace penstock::io
