#pragma once

#include "core/protocol/error_body.hpp"
#include "core/base/verdict.hpp"

namespace penstock::core {

/// The meaning of a status. 2xx is `malformed`, because this is called only if there is no answer.
reply_kind kind_of_status(int status) noexcept;

/// The meaning of an error name of a provider (OpenAI's codes and types, Anthropic's types,
/// Google's status and reasons), in any case of letters; nullopt for names that say no more than
/// the status.
std::optional<reply_kind> kind_of_word(std::string_view word);

/// Our error code for a kind; `status` tells 408 from 409.
errc code_of(reply_kind kind, int status) noexcept;

/// The meaning of an error, from its status and its names. The status decides, unless a name shows
/// that the provider uses this status for another cause:
/// - any status: an error that speaks of money (`body.money`) means just that;
/// - 429: a daily quota, one request too large, ramping too fast;
/// - 400, 403 and 503: a bad key, a bad request, ramping too fast;
/// - a 2xx with an error inside, or no status: the names, then a numeric code in the body.
/// @param wait the hint of headers or body. One of more than an hour makes a failure that passes a
/// `long_wait`.
reply_kind classify(int status, const error_body& body, std::optional<duration> wait);

} // namespace penstock::core
