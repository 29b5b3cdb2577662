#pragma once

#include "core/base/defaults.hpp"
#include "core/base/http.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Takes an answer in parts, as they arrive. The loop calls it on its thread, in the order of the
/// answer; it must not block. It may call the functions of the loop.
class part_taker {
public:
  virtual ~part_taker() = default;
  /// Status and headers are there. Called once, before the first part; not called if the exchange
  /// fails earlier.
  virtual void head(uint64_t id, int status, const std::vector<http_header>& headers) = 0;
  /// The next bytes of the body, decompressed. Never empty, seldom more than 16 KiB.
  virtual void part(uint64_t id, std::string_view bytes) = 0;
};

/// One HTTP exchange to make.
struct exchange {
  uint64_t id = 0; ///< Chosen by the caller; unique among exchanges in flight.
  http_request request;
  duration timeout = defaults::timeout; ///< From submit to the last byte.
  /// Between two bytes of the answer. It does not count before the first byte, nor while the
  /// exchange waits for credit.
  duration idle_timeout = defaults::idle_timeout;
  uint64_t body_max = defaults::answer_bytes; ///< Longer answers are cut off and fail.
  std::string ca_file = {};                   ///< PEM bundle for this one; empty: the loop's.
  /// Gets the body in parts; the completion then has none. Unset: the answer comes whole.
  std::shared_ptr<part_taker> parts = {};
  /// Bytes of the body that may be delivered in parts before the first `grant`. The last part may
  /// exceed the credit by its own size.
  uint64_t credit = 0;
};

/// How an exchange ended. Every submitted exchange ends in exactly one of these.
struct completion {
  uint64_t id = 0;
  http_response response;
};

} // namespace penstock::core
