#include "core/api/live_form.hpp"

#include "core/json/json_fields.hpp"
#include "core/json/json_scan.hpp"
#include "core/json/json_text.hpp"
#include "core/jsonl/make_request.hpp"

#include <boost/json.hpp>

namespace penstock::core {

namespace {

/// The path and query below the base URL, as lines of an input name it.
std::string url_of(std::string_view target) { return std::string{target}; }

/// A chat or completion whose stream can tell its usage.
bool tells_usage(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return path.ends_with("/completions");
}

/// The object with one more member at its end.
std::string with_member(std::string_view object, std::string_view member) {
  auto end = object.rfind('}');
  std::string out{object.substr(0, end)};
  const auto last = out.find_last_not_of(" \t\r\n");
  if (out[last] != '{')
    out += ',';
  out += member;
  return out + '}';
}

} // namespace

std::variant<live_call, api_failure> read_live_call(std::string_view target, std::string body,
                                                    std::string_view priority_text) {
  live_call call;
  if (!priority_text.empty()) {
    const auto as = priority_from(priority_text);
    if (!as)
      return bad_call("x-penstock-priority is one of interactive, normal and bulk");
    call.as = *as;
  }
  std::string_view stream, options;
  for (member_scanner scan{body}; scan.next();) {
    if (scan.key_is("stream"))
      stream = scan.value();
    if (scan.key_is("stream_options"))
      options = scan.value();
  }
  call.streams = stream == "true";
  if (call.streams && tells_usage(target) && (options.empty() || options == "null")) {
    call.adds_usage = true;
    body = with_member(body, R"("stream_options":{"include_usage":true})");
  }
  if (!options.empty() && options.front() == '{')
    call.wants_usage = find_member(options, "include_usage") == "true";
  call.what = make_request({}, std::move(body), url_of(target), true);
  if (call.what.rejection)
    return bad_call(call.what.rejection->context);
  return call;
}

live_answer answer_of(api_dialect dialect, const outcome& o, std::string_view request_id) {
  live_answer out;
  if (o.state == outcome_state::completed) {
    out.body = o.body ? *o.body : std::string{"{}"};
    return out;
  }
  auto why = failure_of(o.failure.value_or(error{errc::internal, "no reason is known"}));
  out.retry_after = why.retry_after;
  // The words of the provider help more than ours, and clients look for its codes.
  const bool refused =
    o.failure && (o.failure->code == errc::bad_request ||
                  o.failure->code == errc::request_too_large || o.failure->code == errc::billing);
  if (refused && o.status_code >= 400 && o.status_code < 500 && o.body &&
      o.body->starts_with('{')) {
    out.status = o.status_code;
    out.body = *o.body;
    return out;
  }
  if (refused && o.status_code >= 400 && o.status_code < 500)
    why.status = o.status_code;
  out.status = why.status;
  out.body = failure_body(dialect, why, request_id);
  return out;
}

std::optional<std::string> chat_as_stream(std::string_view body, bool with_usage) {
  namespace json = boost::json;
  boost::system::error_code ec;
  const auto value = json::parse(json::string_view{body.data(), body.size()}, ec);
  const auto* answer = ec ? nullptr : value.if_object();
  const auto* choices = answer ? filled_array_at(*answer, "choices") : nullptr;
  if (!choices)
    return std::nullopt;
  json::object frame;
  for (auto name : {"id", "created", "model"})
    if (const auto* member = answer->if_contains(name))
      frame[name] = *member;
  frame["object"] = "chat.completion.chunk";
  std::string out;
  const auto add = [&](json::array parts) {
    frame["choices"] = std::move(parts);
    out += "data: " + json_text(frame) + "\n\n";
  };
  const auto piece = [](size_t index, json::object delta, json::value why) {
    json::array parts;
    parts.push_back(json::object{
      {"index", index}, {"delta", std::move(delta)}, {"finish_reason", std::move(why)}});
    return parts;
  };
  for (size_t i = 0; i < choices->size(); ++i) {
    const auto* choice = (*choices)[i].if_object();
    const auto* message = choice ? object_at(*choice, "message") : nullptr;
    if (!message)
      return std::nullopt;
    auto delta = *message;
    if (auto* calls = delta.if_contains("tool_calls"); calls && calls->is_array())
      for (size_t n = 0; n < calls->get_array().size(); ++n)
        if (auto* one = calls->get_array()[n].if_object())
          (*one)["index"] = n;
    add(piece(i, std::move(delta), nullptr));
    const auto* why = choice->if_contains("finish_reason");
    add(piece(i, {}, why ? *why : json::value("stop")));
  }
  if (const auto* used = answer->if_contains("usage"); used && with_usage) {
    frame["usage"] = *used;
    add({});
  }
  return out + "data: [DONE]\n\n";
}

std::string broken_stream(api_dialect dialect, const api_failure& why,
                          std::string_view request_id) {
  const auto body = failure_body(dialect, why, request_id);
  return dialect == api_dialect::anthropic ? "event: error\ndata: " + body + "\n\n"
                                           : "data: " + body + "\n\n";
}

} // namespace penstock::core
