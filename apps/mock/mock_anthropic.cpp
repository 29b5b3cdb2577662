#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_shape.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/base/text.hpp"
#include "core/io/http/http_server.hpp"

#include <cmath>

namespace penstock::mock {

namespace {

/// This protocol has no switch for JSON without a schema: clients ask for it in words, and this
/// model obeys these. They are no part of the conversation.
constexpr std::string_view json_wanted = "Answer with one JSON object and nothing else.";

void read_system(talk& t, std::string_view text) {
  if (text.ends_with(json_wanted)) {
    text.remove_suffix(json_wanted.size());
    ask_for_json(t.call, nullptr);
  }
  t.say(conversation::role::system, text);
}

void read_part(talk& t, conversation::role who, const boost::json::object& part) {
  if (const auto text = core::text_at(part, "text"); !text.empty())
    return who == conversation::role::system ? read_system(t, text) : t.say(who, text);
  const auto* source = core::object_at(part, "source"); // Of an image or a document.
  if (!source)
    return;
  const auto data = core::text_at(*source, "data");
  t.attach(data.empty() ? core::text_at(*source, "url") : data);
}

result<void> read_request(const boost::json::object& o, mock_call& c) {
  using enum conversation::role;
  const auto* list = core::array_at(o, "messages");
  if (!list || list->empty())
    return error{errc::bad_request, "messages: Field required"};
  talk t{c};
  if (const auto* words = o.if_contains("system"); words && !words->is_null()) {
    t.turn();
    if (const auto* text = words->if_string())
      read_system(t, {text->data(), text->size()});
    else
      t.content(system, *words, read_part);
  }
  for (const auto& m : *list) {
    const auto* message = m.if_object();
    if (!message)
      continue;
    t.turn();
    const auto role = core::text_at(*message, "role");
    if (role != "user" && role != "assistant")
      return error{errc::bad_request,
                   "messages: Unexpected role \"" + std::string{role.substr(0, 64)} +
                     "\". The Messages API accepts a top-level `system` parameter, not "
                     "\"system\" as an input message role."};
    if (const auto* content = message->if_contains("content"))
      t.content(role == "user" ? user : assistant, *content, read_part);
  }
  t.finish();
  return {};
}

class messages : public shape {
public:
  provider speaks() const override { return provider::anthropic; }

  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [](const boost::json::object& o, mock_call& c) -> result<void> {
      if (auto r = read_request(o, c); !r)
        return r.error();
      c.output_max = core::whole_at(o, "max_tokens").value_or(0);
      if (c.output_max == 0)
        return error{errc::bad_request, "max_tokens: Field required"};
      if (const auto* config = core::object_at(o, "output_config"))
        if (const auto* format = core::object_at(*config, "format"))
          ask_for_json(c, format->if_contains("schema"));
      return {};
    });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view id, int64_t) const override {
    std::string out;
    begin(out, call, id);
    if (!t.empty_choices) {
      if (a.reasoning_tokens > 0)
        out += R"({"type":"thinking","thinking":"Let me think.","signature":"bW9jaw=="},)";
      out += R"({"type":"text")";
      if (!t.no_content)
        out.append(R"(,"text":)").append(t.null_content ? "null" : quoted(t.refusal ? "" : a.text));
      out += '}';
    }
    out.append(R"(],"stop_reason":)").append(finish_json(t, stop(a, t)));
    out += R"(,"stop_sequence":null)";
    usage(out, a, t, a.output_tokens);
    return out + '}';
  }

  std::vector<std::string> events(const mock_call& call, const mock_answer& a,
                                  const answer_tweak& t, std::string_view id,
                                  int64_t) const override {
    std::vector<std::string> out;
    const auto event = [&out](std::string_view name, std::string_view rest) {
      std::string e = "event: ";
      e.append(name)
        .append("\ndata: {\"type\":\"")
        .append(name)
        .append("\"")
        .append(rest)
        .append("}\n\n");
      out.push_back(std::move(e));
    };
    std::string start = ",\"message\":";
    begin(start, call, id);
    start += R"(],"stop_reason":null,"stop_sequence":null)";
    usage(start, a, t, 1);
    event("message_start", start + '}');
    if (!t.empty_choices) {
      event("content_block_start", R"(,"index":0,"content_block":{"type":"text","text":""})");
      event("ping", "");
      const bool silent = t.refusal || t.null_content || t.no_content;
      std::string_view rest = silent ? std::string_view{} : a.text;
      while (!rest.empty()) {
        const auto piece = first_codepoints(rest, 12);
        rest.remove_prefix(piece.size());
        std::string delta = R"(,"index":0,"delta":{"type":"text_delta","text":)";
        append_json(delta, piece);
        event("content_block_delta", delta + '}');
      }
      event("content_block_stop", R"(,"index":0)");
    }
    std::string last = R"(,"delta":{"stop_reason":)";
    last.append(finish_json(t, stop(a, t))).append(R"(,"stop_sequence":null})");
    usage(last, a, t, a.output_tokens);
    event("message_delta", last);
    event("message_stop", "");
    return out;
  }

  std::string error_event(const provider_error& e, std::string_view id) const override {
    return "event: error\ndata: " + error_body(e, id) + "\n\n";
  }

  std::string error_body(const provider_error& e, std::string_view id) const override {
    std::string out = R"({"type":"error","error":{"type":)";
    append_json(out, e.anthropic_type);
    out += R"(,"message":)";
    append_json(out, e.message);
    if (!e.detail.empty()) {
      out += R"(,"details":{"error_code":)";
      append_json(out, e.detail);
      out += '}';
    }
    return out.append(R"(},"request_id":"req_)").append(id).append("\"}");
  }

  provider_error rejection(const admission& a, std::string_view, double) const override {
    provider_error e{429, "tokens", "rate_limit_exceeded", "rate_limit_error", {}, {}};
    e.message = a.too_large ? "This request is larger than" : "This request would exceed";
    e.message += " the rate limit for your organization (org-mock) of " +
                 core::count_text(static_cast<uint64_t>(a.limit)) + ' ';
    e.message += a.failing == dimension::requests_minute ? "requests per minute"
                 : a.failing == dimension::requests_day  ? "requests per day"
                                                         : dimension_text(a.failing);
    e.message += ". For details, refer to: https://docs.claude.com/en/api/rate-limits.";
    return e;
  }

  void headers(std::string& out, const limit_levels& levels, header_mode mode, std::string_view id,
               mock_random& r, std::chrono::system_clock::time_point now) const override {
    io::add_header(out, "request-id", "req_" + std::string{id});
    io::add_header(out, "anthropic-organization-id", "org-mock");
    if (mode == header_mode::none)
      return;
    const auto add = [&](const limit_level& l, const std::string& what, double unit) {
      if (!l.limited)
        return;
      const std::string prefix = "anthropic-ratelimit-" + what;
      std::string number;
      append_number(number, static_cast<uint64_t>(l.limit));
      add_rate_header(out, prefix + "-limit", number, mode, r);
      number.clear();
      append_number(number, static_cast<uint64_t>(std::round(l.remaining / unit) * unit));
      add_rate_header(out, prefix + "-remaining", number, mode, r);
      const auto full = now + std::chrono::milliseconds{static_cast<int64_t>(l.reset * 1000)};
      if (mode != header_mode::partial)
        add_rate_header(out, prefix + "-reset", rfc3339(full), mode, r);
    };
    const auto& in = levels[static_cast<size_t>(dimension::input_tokens)];
    const auto& output = levels[static_cast<size_t>(dimension::output_tokens)];
    add(levels[static_cast<size_t>(dimension::requests_minute)], "requests", 1);
    if (mode == header_mode::partial)
      return;
    const bool input_tighter =
      in.limited && (!output.limited || in.remaining * output.limit <= output.remaining * in.limit);
    add(input_tighter ? in : output, "tokens", 1000);
    add(in, "input-tokens", 1000);
    add(output, "output-tokens", 1000);
  }

private:
  /// Up to and including the bracket that opens `content`.
  static void begin(std::string& out, const mock_call& call, std::string_view id) {
    out.append(R"({"id":"msg_)")
      .append(id)
      .append(R"(","type":"message","role":"assistant","model":)");
    append_json(out, call.model);
    out += R"(,"content":[)";
  }
  static std::string_view stop(const mock_answer& a, const answer_tweak& t) {
    return t.refusal || t.content_filter ? "refusal" : a.cut || t.cut ? "max_tokens" : "end_turn";
  }
  static void usage(std::string& out, const mock_answer& a, const answer_tweak& t,
                    uint64_t output) {
    if (t.usage_missing)
      return;
    const auto scaled = [&t](uint64_t n) {
      return static_cast<uint64_t>(static_cast<double>(n) * t.usage_factor);
    };
    out += R"(,"usage":{"input_tokens":)"; // Without the cached ones.
    append_number(out, scaled(a.input_tokens - a.cached_tokens));
    out += R"(,"cache_creation_input_tokens":0,"cache_read_input_tokens":)";
    append_number(out, scaled(a.cached_tokens));
    out += R"(,"output_tokens":)";
    append_number(out, scaled(output));
    if (a.reasoning_tokens > 0) {
      out += R"(,"output_tokens_details":{"thinking_tokens":)";
      append_number(out, scaled(a.reasoning_tokens));
      out += '}';
    }
    out += R"(,"service_tier":"standard"})";
  }
};

class count_tokens final : public messages {
public:
  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [](const boost::json::object& o, mock_call& c) -> result<void> {
      c.counting = true;
      c.stream = false;
      return read_request(o, c);
    });
  }
  std::string answer(const mock_call&, const mock_answer& a, const answer_tweak&, std::string_view,
                     int64_t) const override {
    std::string out = R"({"input_tokens":)";
    append_number(out, a.input_tokens);
    return out + '}';
  }
};

} // namespace

const shape& messages_shape() {
  static const messages s;
  return s;
}

const shape& count_tokens_shape() {
  static const count_tokens s;
  return s;
}

} // namespace penstock::mock
