#pragma once

#include "core/base/exchange.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <vector>

namespace penstock {

/// One exchange on its way to the HTTP client, which moves it out of the message. Stays inside the
/// process, because every node has its own client.
struct exchange_call {
  std::shared_ptr<core::exchange> what;
};

/// The answer of the HTTP client to one `exchange_call`.
struct exchange_reply {
  uint64_t id = 0;
  std::shared_ptr<core::http_response> response;
};

/// All exchanges that the curl loop finished in one round. One message wakes the actor only once.
struct completion_batch {
  std::shared_ptr<std::vector<core::completion>> completions;
};

} // namespace penstock

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::exchange_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::exchange_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(penstock::completion_batch)
