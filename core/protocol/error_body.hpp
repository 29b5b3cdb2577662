#pragma once

#include "core/base/duration_text.hpp"

#include <boost/json/fwd.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// The error in the JSON of a failed exchange, of any provider. Texts are as received: of any
/// length, but well-formed UTF-8, because the JSON parser refuses anything else.
struct error_body {
  std::string message;
  std::string code;       ///< The finest name: OpenAI's `code`, Anthropic's `details.error_code`,
                          ///< Google's reason.
  std::string type;       ///< The family: OpenAI's and Anthropic's `type`, Google's `status`.
  int status = 0;         ///< A numeric code (vLLM, Google: the HTTP status), 0 if there is none.
  std::string request_id; ///< Anthropic repeats it in the body.
  bool per_day = false;   ///< A quota that is counted by the day.
  bool midnight_pacific =
    false; ///< Google's daily quota: it resets at midnight Pacific time, whatever RetryInfo says.
  bool no_quota = false; ///< A quota of zero, or a spend limit its owner set: waiting never helps.
  bool one_too_large = false; ///< This single request is above the limit.
  std::optional<duration>
    retry_after;      ///< Google's RetryInfo, or the wait named in the text; in (0, 24 h].
  bool money = false; ///< It speaks of money (`find_money`); set by the judge of replies.
  /// Errors inside this one. Gateways put the answer of the provider into a member
  /// (`metadata.raw`), or as JSON into the text.
  std::vector<error_body> causes;

  /// The name to show: the code, else the type, else the number, else nothing.
  std::string name() const;
};

/// Finds the error in a reply: `error` as an object (OpenAI, Anthropic, Google, vLLM) or a string
/// (Ollama, vLLM's 401), a flat object (older vLLM, SGLang), or any of these inside an array
/// (Google's streams). If `failed`, that is if the status already says so, FastAPI's `detail` and a
/// bare `message` count too; in a success they could be part of the answer.
/// @returns nullopt if the value holds no error, also for `"error": null` as successes carry it.
std::optional<error_body> find_error(const boost::json::value& reply, bool failed);

/// An error of which only the text is known, for example one line from a proxy.
error_body error_from_text(std::string message);

/// Reads the wait from a sentence: "Please try again in 6m0s.", "Please retry in 40.6s", "in 20
/// seconds".
/// @returns a wait in (0, 24 h], or nullopt.
std::optional<duration> wait_in_text(std::string_view text) noexcept;

/// Whether a text such as "Limit 30000, Requested 40000" (in this order, with anything between)
/// speaks of a single request above the limit.
bool asks_above_limit(std::string_view text) noexcept;

} // namespace penstock::core
