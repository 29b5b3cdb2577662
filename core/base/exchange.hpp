#pragma once

#include "core/base/http.hpp"

#include <cstdint>
#include <string>

namespace penstock::core {

/// One HTTP exchange to make.
struct exchange {
  uint64_t id = 0; ///< The caller's; unique among those in flight.
  http_request request;
  duration timeout = std::chrono::seconds{600};      ///< From submit to the last byte.
  duration idle_timeout = std::chrono::seconds{120}; ///< Without a byte from the upstream.
  uint64_t body_max = 32u << 20;                     ///< Longer answers are cut off and fail.
  std::string ca_file = {}; ///< PEM bundle for this one; empty: the loop's.
};

/// How an exchange ended. Every submitted exchange ends in exactly one of these.
struct completion {
  uint64_t id = 0;
  http_response response;
};

} // namespace penstock::core
