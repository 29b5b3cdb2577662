#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::core {

/// Immutable bytes, shared by the actors of a process. Null means "no bytes". A separate type, so
/// that messages can define how to send it to another node.
struct payload : std::shared_ptr<const std::string> {
  using std::shared_ptr<const std::string>::shared_ptr;
  payload(std::shared_ptr<const std::string> p) noexcept
      : std::shared_ptr<const std::string>{std::move(p)} {}
};

inline payload make_payload(std::string bytes) {
  return {std::make_shared<const std::string>(std::move(bytes))};
}

/// How a job's requests run; `automatic` chooses one of the others (design: "auto").
enum class mode : uint8_t { automatic, parallel, batch, sequential };

/// The priority of a job; lower numbers go first.
enum class priority : uint8_t { interactive, normal, bulk };

/// How a job uses the response cache.
enum class cache_mode : uint8_t {
  off,   ///< Not at all.
  read,  ///< Uses stored answers, stores none.
  write, ///< Stores answers, uses none.
  on,    ///< Both.
};

/// The result of a request. The numbers are stored on disk: only append.
enum class outcome_state : uint8_t { completed, failed, cancelled, expired };

std::string_view to_string(mode m) noexcept;
std::string_view to_string(priority p) noexcept;
std::string_view to_string(outcome_state s) noexcept;
std::string_view to_string(cache_mode m) noexcept;
/// Reads a text of `to_string` ("auto", "parallel", ...).
std::optional<mode> mode_from(std::string_view text) noexcept;
std::optional<priority> priority_from(std::string_view text) noexcept;
std::optional<cache_mode> cache_mode_from(std::string_view text) noexcept;

/// Tokens as the provider counted them.
struct usage {
  uint64_t input_tokens = 0;        ///< All prompt tokens, with cached ones.
  uint64_t cached_input_tokens = 0; ///< The part of the input that came from the provider's cache.
  uint64_t output_tokens = 0;       ///< All output tokens, with reasoning.
  uint64_t reasoning_tokens = 0;    ///< The part of the output that was reasoning.
  bool known = false;               ///< False if the answer had no usage.
};

/// One unit of work.
struct request {
  uint64_t index = 0;    ///< Place in its job, from 0; the order of the output.
  uint64_t line = 0;     ///< Line of the input file, from 1; 0 if it did not come from a file.
  std::string custom_id; ///< The caller's name for it.
  std::string method = "POST";    ///< HTTP method.
  std::string url;                ///< Path below the base URL, for example "/v1/chat/completions".
  std::string model;              ///< The `model` in the body; empty: none.
  payload body;                   ///< The bytes to send, exactly as given.
  uint32_t output_tokens_max = 0; ///< The output maximum in the body (times `n`); 0: none.
  std::optional<error> rejection; ///< Set if the line is unusable: the request fails unsent.
};

/// The final result of a request: exactly one per request, and it never changes.
struct outcome {
  uint64_t index = 0;                          ///< As in the request.
  std::string custom_id;                       ///< As in the request.
  outcome_state state = outcome_state::failed; ///< The result.
  int status_code = 0;                         ///< HTTP status of the last answer, 0 if none came.
  std::string request_id;                      ///< The provider's id of the last answer.
  payload body;                                ///< JSON of the last answer, without line breaks.
  std::optional<error> failure;                ///< Set unless completed.
  uint32_t attempts = 0;                       ///< HTTP exchanges made for it.
  mode ran_as = mode::parallel;                ///< Mode of the last attempt.
  duration queued{};                           ///< From first hand-out to the first permit.
  /// Time inside HTTP exchanges, summed; if cached, of those that made the answer.
  duration upstream{};
  bool cached = false;        ///< Answered without its own attempt.
  usage used;                 ///< Tokens of the last answer.
  std::string lane;           ///< The lane that answered last.
  uint32_t rate_limited = 0;  ///< Attempts that were answered with 429.
  std::optional<double> cost; ///< Dollars of all its attempts; unset without a price.
  uint32_t pack_size = 0;     ///< Requests in the pack that answered it; 0: sent alone.
  /// Why this lane and not the first of its route; empty: it was the first.
  std::string lane_reason;
  /// Parts of the request that were left out or changed, for people.
  std::vector<std::string> notes;
};

} // namespace penstock::core
