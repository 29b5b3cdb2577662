#include "core/protocol/reply_judge.hpp"
#include "core/protocol/error_table.hpp"
#include "core/protocol/money_table.hpp"
#include "core/json/json_fields.hpp"
#include "core/json/json_repair.hpp"
#include "core/json/parsed_json.hpp"
#include "core/protocol/rate_headers.hpp"
#include "core/base/text.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Attempts that an answer is worth which cannot be read, or says nothing. Each may be paid for.
constexpr uint32_t unreadable_tries = 2, empty_tries = 3;

/// When Google counts a new day: midnight Pacific, taken as 08:00 UTC all year. In summer that is
/// an hour late, which costs less than an attempt that is too early.
duration until_midnight_pacific(wall_time now) noexcept {
  constexpr duration day = std::chrono::hours{24}, turn = std::chrono::hours{8};
  auto since = (now.time_since_epoch() - turn) % day;
  if (since < duration::zero())
    since += day;
  return day - since;
}

std::string quoted_sample(std::string_view body) {
  constexpr size_t shown = 160;
  return '"' + clean_text(body, shown) + '"';
}

/// The message for a body that is not JSON.
std::string describe_body(const http_response& reply, std::string_view body,
                          const std::string& why) {
  if (body.empty())
    return "HTTP " + std::to_string(reply.status) + " with an empty body";
  if (is_html(header(reply, "content-type"), body))
    return describe_html(reply.status, body);
  return "HTTP " + std::to_string(reply.status) + ", not JSON (" + why +
         "): " + quoted_sample(body);
}

void judge_transport(const http_response& reply, verdict& v) {
  auto kind = reply_kind::transport;
  auto code = errc::connection_failed;
  switch (reply.failure) {
  case transport_error::timeout:
  case transport_error::idle_timeout: code = errc::timeout; break;
  case transport_error::cancelled: code = errc::cancelled; break;
  case transport_error::body_too_large:
    kind = reply_kind::too_large;
    code = errc::response_too_large;
    break;
  default: break;
  }
  fail(v, kind, reply.failure_text.empty() ? to_string(reply.failure) : reply.failure_text);
  v.code = code;
  v.provider_code = to_string(reply.failure);
  v.transport = reply.failure;
}

/// The text of a request, to separate the text of a provider from text that it repeats.
std::string_view sent_text(const request& req) noexcept {
  return req.body ? std::string_view{*req.body} : std::string_view{};
}

/// Makes `v` the failure that `body` describes.
void judge_error(const request& req, error_body body, int status, wall_time server_now,
                 verdict& v) {
  if (const auto* money = find_money(body, sent_text(req))) {
    body.money = true;
    if (money != &body &&
        !money->message.empty()) { // The text of the provider, not of the gateway.
      body.message = std::string{money->message};
      body.code = money->name();
    }
  }
  if (!v.retry_after)
    v.retry_after = body.retry_after;
  const auto kind = classify(status, body, v.retry_after);
  auto message = body.message;
  if (message.empty())
    message =
      "HTTP " + std::to_string(status) + (body.name().empty() ? "" : " (" + body.name() + ')');
  fail(v, kind, message);
  const auto told = status < 300 && body.status != 0 ? body.status : status;
  v.code = code_of(kind, told);
  v.provider_code = clean_text(body.name(), name_bytes_max);
  if (v.request_id.empty())
    v.request_id = clean_text(body.request_id, name_bytes_max);
  const auto& day = v.limits[static_cast<size_t>(dimension::requests_day)];
  const auto waits =
    kind == reply_kind::long_wait || (kind == reply_kind::rate_limited && !v.retry_after);
  if (waits && day.remaining && *day.remaining < 1) {
    fail(v, reply_kind::daily_quota, message);
    v.retry_after = day.reset ? sane_wait(*day.reset) : v.retry_after;
  }
  if (v.kind == reply_kind::daily_quota && body.midnight_pacific)
    v.retry_after = until_midnight_pacific(server_now);
}

/// A status of 300 or more, or an unknown one.
void judge_failure(const request& req, const http_response& reply, wall_time server_now,
                   verdict& v) {
  const auto body = skip_noise(reply.body);
  const auto http = "HTTP " + std::to_string(reply.status);
  error_body said;
  if (body.empty()) {
    if (const auto target = header(reply, "location"); !target.empty())
      said.message = http + " redirects to " + quoted_sample(target) +
                     "; redirects are not followed, set upstream.base_url to the final address";
    return judge_error(req, std::move(said), reply.status, server_now, v);
  }
  const parsed_json parsed{body};
  if (auto error = parsed.get() ? find_error(*parsed.get(), true) : std::nullopt)
    said = std::move(*error);
  else if (is_html(header(reply, "content-type"), body))
    said.message = describe_html(reply.status, body);
  else {
    said = error_from_text(http + ": " + quoted_sample(body));
    const auto* text = parsed.get() ? parsed.get()->if_string() : nullptr;
    said.causes.push_back(error_from_text(text ? std::string{*text} : std::string{body}));
  }
  judge_error(req, std::move(said), reply.status, server_now, v);
}

/// The error of MiniMax in an answer with status 200.
void judge_base_resp(const request& req, const json::object& base, int64_t code,
                     wall_time server_now, verdict& v) {
  error_body said;
  said.message = text_at(base, "status_msg");
  said.code = std::to_string(code);
  judge_error(req, std::move(said), 200, server_now, v);
  if (const auto kind = kind_of_base_resp(code); kind && v.kind != reply_kind::billing) {
    v.kind = *kind;
    v.code = code_of(*kind, 0);
  }
}

/// A 2xx, which is an answer only if all of it is there and says so.
void judge_success(const request& req, const http_response& reply, wall_time server_now,
                   answer_check check, verdict& v) {
  const auto body = skip_noise(reply.body);
  const parsed_json as_sent{body};
  const auto mended = as_sent.get() ? std::nullopt : repair_json(body);
  std::optional<parsed_json> again;
  if (mended)
    again.emplace(mended->text);
  const auto& parsed = again && again->get() ? *again : as_sent;
  const auto* value = parsed.get();
  if (mended && value) {
    v.repaired = true;
    v.notes.push_back("the answer was repaired: it held " + mended->what);
  }
  if (!value) {
    // A stream would come with every attempt, and cost money each time.
    if (find_nocase(header(reply, "content-type"), "text/event-stream") != std::string_view::npos)
      return fail(v, reply_kind::bad_request,
                  "the answer is an event stream: remove \"stream\" from the body");
    fail(v, reply_kind::malformed, describe_body(reply, body, parsed.error()));
    // The model may do the same each time, and is paid each time.
    if (parsed.is_whole() && (body.starts_with('{') || body.starts_with('[')))
      v.tries_max = unreadable_tries;
    return;
  }
  if (auto error = find_error(*value, false))
    return judge_error(req, std::move(*error), reply.status, server_now, v);
  const auto* answer = value->if_object();
  if (!answer)
    return fail(v, reply_kind::malformed, "the answer is no JSON object: " + quoted_sample(body));
  if (const auto* base = object_at(*answer, "base_resp")) // MiniMax answers errors with 200.
    if (const auto code = whole_at(*base, "status_code"); code && *code != 0)
      return judge_base_resp(req, *base, static_cast<int64_t>(*code), server_now, v);
  v.kind = reply_kind::success;
  check(req, *answer, v);
}

} // namespace

verdict judge_reply(const request& req, const http_response& reply, wall_time wall_now,
                    answer_check check) {
  verdict v;
  const auto headers = read_rate_headers(reply, wall_now);
  v.limits = headers.limits;
  for (std::string_view name : {"x-request-id", "request-id"})
    if (v.request_id.empty())
      v.request_id = clean_text(header(reply, name), name_bytes_max);
  v.retry_after = headers.retry_after;
  v.should_retry = headers.should_retry;
  if (reply.failure != transport_error::none)
    judge_transport(reply, v);
  else if (reply.status >= 200 && reply.status < 300)
    judge_success(req, reply, headers.server_now, check, v);
  else
    judge_failure(req, reply, headers.server_now, v);
  if (reply.status < 400) // Only of a 4xx or 5xx.
    v.should_retry.reset();
  if (v.kind == reply_kind::success)
    v.retry_after.reset();
  else
    v.notes.clear();
  return v;
}

void fail_empty(verdict& v) {
  fail(v, reply_kind::malformed, "the answer is empty");
  v.tries_max = empty_tries;
}

void fail_before_text(verdict& v) {
  fail(v, reply_kind::bad_request,
       "no text: the maximum of output tokens was used up before the first word (by thinking, as a "
       "rule); raise max_tokens");
  v.code = errc::bad_response;
}

void note_cut(verdict& v) {
  v.notes.push_back(
    "truncated: the answer was cut at a maximum of tokens; raise max_tokens for all "
    "of it");
}

void fail_broken(const request& req, std::string_view reason, const json::value* error,
                 verdict& v) {
  const auto found = error ? find_error(json::object{{"error", *error}}, false) : std::nullopt;
  if (found)
    judge_error(req, *found, 200, {}, v);
  const auto text = "the provider broke the answer off (" +
                    (reason.empty() ? "an error in it" : "finish_reason " + std::string{reason}) +
                    ")" + (found && !found->message.empty() ? ": " + found->message : "");
  // A named cause stays what it is: money, moderation, a rate.
  if (!found || v.kind == reply_kind::malformed || v.kind == reply_kind::transport)
    fail(v, reply_kind::server_error, text);
  else
    v.message = clean_text(text, message_bytes_max);
}

void fail(verdict& v, reply_kind kind, std::string_view message) {
  v.kind = kind;
  v.code = code_of(kind, 0);
  v.message = clean_text(message, message_bytes_max);
}

usage read_usage(const json::object& answer) noexcept {
  usage u;
  const auto* counts = object_at(answer, "usage");
  if (!counts)
    return u;
  const auto either = [counts](std::string_view a, std::string_view b) {
    const auto first = count_at(*counts, a);
    return first ? first : count_at(*counts, b);
  };
  const auto input = either("prompt_tokens", "input_tokens");
  auto output = either("completion_tokens", "output_tokens");
  const bool output_named =
    counts->contains("completion_tokens") || counts->contains("output_tokens");
  if (const auto total = count_at(*counts, "total_tokens");
      !output && total && input && *total >= *input)
    output = *total - *input;
  // Embeddings have no output. An output count that cannot be read is unknown.
  if (!input || (!output && output_named) || *input + output.value_or(0) == 0)
    return u;
  u.known = true;
  u.input_tokens = *input;
  u.output_tokens = output.value_or(0);
  const auto part = [&](std::string_view a, std::string_view b, std::string_view key,
                        uint64_t whole) {
    const auto* first = object_at(*counts, a);
    const auto* details = first ? first : object_at(*counts, b);
    return std::min(details ? count_at(*details, key).value_or(0) : 0, whole);
  };
  u.cached_input_tokens =
    part("prompt_tokens_details", "input_tokens_details", "cached_tokens", u.input_tokens);
  u.reasoning_tokens =
    part("completion_tokens_details", "output_tokens_details", "reasoning_tokens", u.output_tokens);
  return u;
}

std::string outcome_body(std::string body, const verdict& v) {
  constexpr size_t error_bytes_max = 64u << 10;
  if (v.repaired)
    if (auto mended = repair_json(skip_noise(body)))
      body = std::move(mended->text);
  if (v.kind == reply_kind::success)
    return one_line_json(std::move(body));
  if (!body.empty() && body.size() <= error_bytes_max && parsed_json{skip_noise(body)}.get())
    return one_line_json(std::move(body));
  return error_text(v);
}

std::string error_text(const verdict& v) {
  const json::object error{
    {"message", json_string(v.message)},
    {"type", json_string(to_string(v.code))},
    {"param", nullptr},
    {"code", v.provider_code.empty() ? json::value{} : json_string(v.provider_code)}};
  return json::serialize(json::object{{"error", error}});
}

} // namespace penstock::core
