// The part of `curl_loop_transfer` for time limits and answers in parts.
#include "core/io/http/curl_loop_transfer.hpp"

#include <algorithm>
#include <utility>

namespace penstock::io {

namespace {

/// Callers may use the largest number for "no limit".
constexpr uint64_t credit_max = uint64_t{1} << 62;

/// Saturating, for the same reason.
time_point later(time_point t, duration d) {
  return d > time_point::max() - t ? time_point::max() : t + d;
}

} // namespace

time_point curl_loop_transfer::due() const noexcept {
  const auto total = later(submitted_, exchange_.timeout);
  return is_idle_counted() ? std::min(total, later(last_byte_, exchange_.idle_timeout)) : total;
}

time_point curl_loop_transfer::next_check() const noexcept {
  // If the idle timeout does not count yet, it may begin at any moment.
  const auto from = is_idle_counted() ? last_byte_ : context_.now;
  return std::min(later(submitted_, exchange_.timeout), later(from, exchange_.idle_timeout));
}

CURLcode curl_loop_transfer::grant(uint64_t bytes) {
  credit_ += static_cast<int64_t>(
    std::min(bytes, credit_max - static_cast<uint64_t>(std::max<int64_t>(credit_, 0))));
  if (!is_paused_ || credit_ <= 0)
    return CURLE_OK;
  is_paused_ = false;
  last_byte_ = context_.now;
  return curl_easy_pause(easy_, CURLPAUSE_CONT); // May deliver parts, and pause again.
}

bool curl_loop_transfer::is_over_total() const noexcept {
  return context_.now - submitted_ >= exchange_.timeout;
}

/// The end of a header, which may be that of a 100 or of trailers.
void curl_loop_transfer::tell_head() {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status < 200 || std::exchange(head_told_, true))
    return;
  exchange_.parts->head(exchange_.id, static_cast<int>(status), response_.headers);
}

/// @returns the value for libcurl.
size_t curl_loop_transfer::take_part(std::string_view bytes) {
  last_byte_ = context_.now;
  if (bytes.size() > exchange_.body_max - part_bytes_) {
    cut_ = cut_reason::body;
    return CURL_WRITEFUNC_ERROR;
  }
  if (credit_ <= 0) {
    is_paused_ = true;
    return CURL_WRITEFUNC_PAUSE; // libcurl offers the same bytes again.
  }
  credit_ -= static_cast<int64_t>(bytes.size());
  part_bytes_ += bytes.size();
  if (!bytes.empty())
    exchange_.parts->part(exchange_.id, bytes);
  return bytes.size();
}

} // namespace penstock::io
