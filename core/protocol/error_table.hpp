#pragma once

#include "core/protocol/error_body.hpp"
#include "core/base/verdict.hpp"

namespace penstock::core {

/// What a status alone means. 2xx is `malformed`: whoever asks has already found no answer in it.
reply_kind kind_of_status(int status) noexcept;

/// What a word of a provider means (OpenAI's codes and types, Anthropic's types, Google's status
/// and reasons), in any case of letters; nullopt for words that say no more than the status does.
std::optional<reply_kind> kind_of_word(std::string_view word);

/// Our error code for a kind; `status` tells 408 from 409.
errc code_of(reply_kind kind, int status) noexcept;

/// What an error means, status and words together. The status leads; a word overrides it where
/// providers hide another cause behind it:
/// - 429: money, a day's quota, one request too large, ramping too fast (code before type, because
///   OpenAI's spend errors share a type);
/// - 400, 403 and 503: money, a bad key, a bad request, ramping too fast;
/// - a 2xx with an error inside, or no status: words only, then a numeric code in the body.
/// @param wait the hint of headers or body; of more than an hour it means that today is over.
reply_kind classify(int status, const error_body& body, std::optional<duration> wait);

} // namespace penstock::core
