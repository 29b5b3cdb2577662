#pragma once

#include "core/base/duration_text.hpp"
#include "core/json/parsed_json.hpp"
#include "core/base/verdict.hpp"

#include <string>

namespace penstock::core {

/// Limits of the texts in a verdict.
inline constexpr size_t message_bytes_max = 500, name_bytes_max = 100;

/// The part of a protocol in `judge_reply`. Checks the object of a 2xx without an error in it.
/// Fills `v.used`, and calls `fail` if the object is no answer. Before, `v.kind` is success.
using answer_check = void (*)(const request& req, const boost::json::object& answer, verdict& v);

/// Decodes a reply as far as the protocols do not differ: transport failures, rate and retry
/// headers, error statuses and their bodies, web pages, JSON that is cut, broken or too deep,
/// errors inside a 2xx.
verdict judge_reply(const request& req, const http_response& reply, wall_time wall_now,
                    answer_check check);

/// Makes `v` a failure of `kind` with the usual code for it and a cleaned, bounded `message`.
void fail(verdict& v, reply_kind kind, std::string_view message);

/// The answer holds no word and says that it is whole. Asked again two times.
void fail_empty(verdict& v);
/// The answer was cut before its first word: asking again would cost as much, and end as it did.
void fail_before_text(verdict& v);
/// Marks an answer that was cut at a maximum.
void note_cut(verdict& v);
/// The provider broke the answer off. @param error What it says of that, or null.
void fail_broken(const request& req, std::string_view reason, const boost::json::value* error,
                 verdict& v);

/// Reads the counts of both OpenAI shapes (`prompt_tokens` or `input_tokens`, ...). Counts that are
/// not whole, negative or above 10^9 are ignored, and so is a usage of zero.
usage read_usage(const boost::json::object& answer) noexcept;

/// The body of an outcome: JSON on one line. A body that is no JSON, or that is an error of more
/// than 64 KiB, is replaced by `{"error":{"message","type","param","code"}}` made of `v`.
std::string outcome_body(std::string body, const verdict& v);

/// The failure `v` in OpenAI's shape: `{"error":{"message","type","param","code"}}`.
std::string error_text(const verdict& v);

} // namespace penstock::core
