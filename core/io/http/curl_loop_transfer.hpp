#pragma once

#include "core/io/http/curl_loop.hpp"

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Internal to core/io.
namespace penstock::io {

/// Data that all transfers of a thread share; it outlives them.
struct curl_loop_context {
  curl_loop_settings settings;
  time_point now{};                          ///< Of the current round; callbacks read no clock.
  curl_opensocket_callback open = nullptr;   ///< Makes a socket; `clientp` is the transfer.
  curl_closesocket_callback close = nullptr; ///< Closes one; `clientp` is `owner`.
  void* owner = nullptr;                     ///< The thread.
};

/// One easy handle with its exchange. Handles are pooled and keep their options, because a reset
/// per request costs 6 % of the CPU, and a new handle 12 %. The address must not change.
class curl_loop_transfer {
public:
  explicit curl_loop_transfer(curl_loop_context& context);
  ~curl_loop_transfer();
  curl_loop_transfer(const curl_loop_transfer&) = delete;
  curl_loop_transfer& operator=(const curl_loop_transfer&) = delete;

  /// Prepares the exchange `x`; `submitted` is the time of the submit.
  /// @returns the fault of the request, or an empty text.
  std::string prepare(core::exchange x, time_point submitted);
  /// The answer of an exchange that libcurl ended with `code`. Leaves the transfer ready for
  /// another `prepare`.
  core::http_response finish(CURLcode code);
  /// The same for an exchange that we ended.
  core::http_response finish(core::transport_error failure, std::string_view text);

  /// Allows `bytes` more of a body in parts, and goes on if it waited for them.
  /// @returns why the exchange has ended, if it has.
  CURLcode grant(uint64_t bytes);

  /// When the exchange runs out of time unless another byte comes.
  time_point due() const noexcept;
  /// When to look at `due` again: never later than it, whatever comes until then.
  time_point next_check() const noexcept;
  /// Whether the timeout is over (true) or the idle timeout (false). @pre `due()` has passed.
  bool is_over_total() const noexcept;
  /// Whether a byte of the request may have left already.
  bool has_sent() const noexcept;
  /// Whether libcurl is about to send a second time, which is not allowed; noted for `finish`.
  bool refuse_second_send() noexcept;

  CURL* easy() const noexcept { return easy_; }
  uint64_t id() const noexcept { return exchange_.id; }
  const curl_loop_context& context() const noexcept { return context_; }
  void* owner() const noexcept { return context_.owner; }

  size_t deadline_slot = 0; ///< Set by `curl_loop_deadlines`.
  size_t shard = 0;         ///< The multi handle it runs in.

private:
  enum class cut_reason : uint8_t { none, body, headers, memory };

  static int on_prereq(void* user, char*, char*, int, int);
  static size_t on_header(char* data, size_t size, size_t count, void* user);
  static size_t on_body(char* data, size_t size, size_t count, void* user);
  void set_constant_options();
  void set_trust();
  bool set_headers();
  void set_method();
  bool take_header(std::string_view line);
  bool take_body(std::string_view bytes);
  size_t take_part(std::string_view bytes);
  void tell_head();
  bool is_idle_counted() const noexcept { return has_byte_ && !is_paused_; }
  core::transport_error failure_of(CURLcode code) const;
  core::http_response take(core::transport_error failure, std::string_view cause);

  curl_loop_context& context_;
  CURL* easy_ = nullptr;
  core::exchange exchange_;
  core::http_response response_;
  time_point submitted_{};
  time_point last_byte_{};
  bool has_byte_ = false;   ///< A byte of the answer has come.
  bool is_paused_ = false;  ///< A body in parts waits for credit.
  bool head_told_ = false;  ///< Status and headers were given to `exchange::parts`.
  int64_t credit_ = 0;      ///< Bytes that may be delivered; below 0: the last part exceeded it.
  uint64_t part_bytes_ = 0; ///< Delivered in parts.
  size_t header_bytes_ = 0;
  uint32_t sends_ = 0; ///< Times libcurl began to send this exchange.
  bool resend_refused_ = false;
  cut_reason cut_ = cut_reason::none;
  std::string ca_file_set_; ///< The bundle of trusted certificates it has; empty: the system's.
  std::string url_set_;     ///< The url the handle already has.
  std::string method_set_;  ///< The method it has, with a mark for "and a body".
  std::string header_text_;
  std::vector<curl_slist> header_nodes_;
  char error_text_[CURL_ERROR_SIZE] = {};
};

} // namespace penstock::io
