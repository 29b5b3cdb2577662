#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_openai.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/io/http/http_server.hpp"

#include <algorithm>
#include <bit>

namespace penstock::mock {

std::string openai_shape::error_body(const provider_error& e, std::string_view) const {
  std::string out = R"({"error":{"message":)";
  append_json(out, e.message);
  out += R"(,"type":)";
  append_json(out, e.type);
  out += R"(,"param":null,"code":)";
  if (e.code.empty())
    out += "null";
  else
    append_json(out, e.code);
  return out + "}}";
}

provider_error openai_shape::rejection(const admission& a, std::string_view model,
                                       double wait) const {
  provider_error e{429, "tokens", "rate_limit_exceeded", "rate_limit_error", {}, {}};
  if (a.failing == dimension::requests_minute || a.failing == dimension::requests_day)
    e.type = "requests";
  const auto whole = [](double n) { return static_cast<uint64_t>(n + 0.5); };
  e.message = a.too_large ? "Request too large for " : "Rate limit reached for ";
  e.message.append(model).append(" in organization org-mock on ").append(dimension_text(a.failing));
  e.message += ": Limit ";
  append_number(e.message, whole(a.limit));
  if (!a.too_large) {
    e.message += ", Used ";
    append_number(e.message, whole(a.used));
  }
  e.message += ", Requested ";
  append_number(e.message, whole(a.requested));
  e.message += a.too_large
                 ? ". The input or output tokens must be reduced in order to run successfully."
                 : ". Please try again in " + go_duration(wait) + ".";
  e.message += " Visit https://platform.openai.com/account/rate-limits to learn more.";
  return e;
}

void openai_shape::headers(std::string& out, const limit_levels& levels, header_mode mode,
                           std::string_view id, mock_random& r,
                           std::chrono::system_clock::time_point) const {
  io::add_header(out, "x-request-id", "req_" + std::string{id});
  io::add_header(out, "openai-version", "2020-10-01");
  if (mode == header_mode::none)
    return;
  const auto& minute = levels[static_cast<size_t>(dimension::requests_minute)];
  const auto& day = levels[static_cast<size_t>(dimension::requests_day)];
  const bool daily = day.limited && (!minute.limited || day.remaining < minute.remaining);
  const auto add = [&](const limit_level& l, std::string_view what) {
    if (!l.limited)
      return;
    std::string number;
    append_number(number, static_cast<uint64_t>(l.limit));
    add_rate_header(out, std::string{"x-ratelimit-limit-"}.append(what), number, mode, r);
    number.clear();
    append_number(number, static_cast<uint64_t>(l.remaining));
    add_rate_header(out, std::string{"x-ratelimit-remaining-"}.append(what), number, mode, r);
    if (mode != header_mode::partial)
      add_rate_header(out, std::string{"x-ratelimit-reset-"}.append(what), go_duration(l.reset),
                      mode, r);
  };
  add(daily ? day : minute, "requests");
  if (mode != header_mode::partial)
    add(levels[static_cast<size_t>(dimension::total_tokens)], "tokens");
}

namespace {

/// The data of "data:application/pdf;base64,...", or the address itself.
std::string_view data_of(std::string_view url) {
  const size_t at = url.starts_with("data:") ? url.find("base64,") : url.npos;
  return at == url.npos ? url : url.substr(at + 7);
}

void read_part(talk& t, conversation::role who, const boost::json::object& part) {
  const auto type = core::text_at(part, "type");
  if (const auto text = core::text_at(part, "text"); !text.empty())
    return t.say(who, text);
  if (const auto* image = core::object_at(part, "image_url"))
    t.attach(data_of(core::text_at(*image, "url")));
  else if (const auto* file = core::object_at(part, "file"))
    t.attach(data_of(core::text_at(*file, "file_data")));
  else if (const auto* audio = core::object_at(part, "input_audio"))
    t.attach(core::text_at(*audio, "data"));
  else if (type == "refusal")
    t.say(who, core::text_at(part, "refusal"));
}

void read_messages(const boost::json::array& messages, mock_call& c) {
  using enum conversation::role;
  talk t{c};
  for (const auto& m : messages) {
    const auto* o = m.if_object();
    if (!o)
      continue;
    t.turn();
    const auto* content = o->if_contains("content");
    if (!content)
      continue;
    const auto role = core::text_at(*o, "role");
    if (role == "tool" || role == "function")
      c.input_tokens += content->is_string() ? estimate_tokens(core::text_at(*o, "content")) : 0;
    else
      t.content(role == "user"        ? user
                : role == "assistant" ? assistant
                                      : system,
                *content, read_part);
  }
  t.finish();
}

class chat final : public openai_shape {
public:
  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [](const boost::json::object& o, mock_call& c) -> result<void> {
      const auto* messages = core::array_at(o, "messages");
      if (!messages || messages->empty())
        return error{errc::bad_request, "Missing required parameter: 'messages'."};
      read_messages(*messages, c);
      c.output_max = core::whole_at(o, "max_completion_tokens")
                       .value_or(core::whole_at(o, "max_tokens").value_or(0));
      c.n = static_cast<uint32_t>(std::clamp<uint64_t>(core::whole_at(o, "n").value_or(1), 1, 128));
      if (const auto* options = core::object_at(o, "stream_options"))
        c.include_usage = core::is_true_at(*options, "include_usage");
      if (const auto* format = core::object_at(o, "response_format");
          format && core::text_at(*format, "type").starts_with("json")) {
        const auto* named = core::object_at(*format, "json_schema");
        ask_for_json(c, named ? named->if_contains("schema") : nullptr);
      }
      return {};
    });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view id, int64_t now) const override {
    std::string out;
    out.reserve(a.text.size() * call.n + 512);
    head(out, call, id, now, "chat.completion");
    for (uint32_t i = 0; i < (t.empty_choices ? 0 : call.n); ++i) {
      out += i > 0 ? ",{\"index\":" : "{\"index\":";
      append_number(out, uint64_t{i});
      out += R"(,"message":{"role":"assistant")";
      if (!t.no_content)
        out.append(R"(,"content":)").append(t.null_content || t.refusal ? "null" : quoted(a.text));
      out += t.refusal ? R"(,"refusal":"I cannot help with that.")" : R"(,"refusal":null)";
      out.append(R"(},"logprobs":null,"finish_reason":)").append(finish_json(t, finish(a, t)));
      if (t.finish_reason == "error") // As routers say that the server behind them died.
        out += R"(,"error":{"code":502,"message":"The provider disconnected."})";
      out += '}';
    }
    out += ']';
    usage(out, a, t);
    return out + '}';
  }

  std::vector<std::string> events(const mock_call& call, const mock_answer& a,
                                  const answer_tweak& t, std::string_view id,
                                  int64_t now) const override {
    std::vector<std::string> out;
    const auto chunk = [&](uint32_t index, const std::string& delta, std::string_view reason) {
      std::string e = "data: ";
      head(e, call, id, now, "chat.completion.chunk");
      if (!t.empty_choices) {
        e += "{\"index\":";
        append_number(e, uint64_t{index});
        e.append(",\"delta\":").append(delta).append(",\"logprobs\":null,\"finish_reason\":");
        e += reason.empty() ? "null" : finish_json(t, reason);
        e += '}';
      }
      e += call.include_usage ? "],\"usage\":null}\n\n" : "]}\n\n";
      out.push_back(std::move(e));
    };
    for (uint32_t i = 0; i < call.n; ++i) {
      chunk(i, R"({"role":"assistant","content":""})", "");
      std::string_view rest = t.null_content || t.no_content ? ""
                              : t.refusal                    ? "I cannot help with that."
                                                             : std::string_view{a.text};
      while (!rest.empty()) {
        const auto piece = first_codepoints(rest, 12);
        rest.remove_prefix(piece.size());
        std::string delta = t.refusal ? "{\"refusal\":" : "{\"content\":";
        append_json(delta, piece);
        chunk(i, delta + '}', "");
      }
      chunk(i, "{}", finish(a, t));
    }
    if (call.include_usage) {
      std::string e = "data: ";
      head(e, call, id, now, "chat.completion.chunk");
      e += ']';
      usage(e, a, t);
      out.push_back(e + "}\n\n");
    }
    out.emplace_back("data: [DONE]\n\n");
    return out;
  }

private:
  /// Up to and including the bracket that opens `choices`.
  static void head(std::string& out, const mock_call& call, std::string_view id, int64_t now,
                   std::string_view object) {
    out.append(R"({"id":"chatcmpl-)").append(id).append(R"(","object":")").append(object);
    out += R"(","created":)";
    append_number(out, static_cast<uint64_t>(now));
    out += R"(,"model":)";
    append_json(out, call.model);
    out += R"(,"service_tier":"default","system_fingerprint":"fp_mock","choices":[)";
  }
  static std::string_view finish(const mock_answer& a, const answer_tweak& t) {
    return t.content_filter ? "content_filter" : a.cut || t.cut ? "length" : "stop";
  }
  static void usage(std::string& out, const mock_answer& a, const answer_tweak& t) {
    if (t.usage_missing)
      return;
    const auto scaled = [&t](uint64_t n) {
      return static_cast<uint64_t>(static_cast<double>(n) * t.usage_factor);
    };
    out += R"(,"usage":{"prompt_tokens":)";
    append_number(out, scaled(a.input_tokens));
    out += R"(,"completion_tokens":)";
    append_number(out, scaled(a.output_tokens));
    out += R"(,"total_tokens":)";
    append_number(out, scaled(a.input_tokens) + scaled(a.output_tokens));
    out += R"(,"prompt_tokens_details":{"cached_tokens":)";
    append_number(out, scaled(a.cached_tokens));
    out += R"(,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":)";
    append_number(out, scaled(a.reasoning_tokens));
    out += R"(,"audio_tokens":0}})";
  }
};

class embeddings final : public openai_shape {
public:
  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [](const boost::json::object& o, mock_call& c) -> result<void> {
      const auto* input = o.if_contains("input");
      if (!input)
        return error{errc::bad_request, "Missing required parameter: 'input'."};
      read_inputs(*input, c);
      if (c.inputs.empty() || c.inputs.size() > 2048)
        return error{errc::bad_request, "Invalid 'input': 1 to 2048 non-empty inputs are allowed."};
      c.base64 = core::text_at(o, "encoding_format") == "base64";
      c.dimensions = static_cast<uint32_t>(
        std::clamp<uint64_t>(core::whole_at(o, "dimensions").value_or(8), 1, 4096));
      c.stream = false;
      return {};
    });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view, int64_t) const override {
    std::string out = R"({"object":"list","data":[)";
    for (size_t i = 0; i < (t.empty_choices ? 0 : call.inputs.size()); ++i) {
      out += i > 0 ? R"(,{"object":"embedding","index":)" : R"({"object":"embedding","index":)";
      append_number(out, static_cast<uint64_t>(i));
      out += R"(,"embedding":)";
      if (t.null_content)
        out += "null";
      else
        vector(out, call, call.inputs[i]);
      out += '}';
    }
    out += R"(],"model":)";
    append_json(out, call.model);
    if (!t.usage_missing) {
      const auto tokens =
        static_cast<uint64_t>(static_cast<double>(a.input_tokens) * t.usage_factor);
      out += R"(,"usage":{"prompt_tokens":)";
      append_number(out, tokens);
      out += R"(,"total_tokens":)";
      append_number(out, tokens);
      out += '}';
    }
    return out + '}';
  }

  std::vector<std::string> events(const mock_call&, const mock_answer&, const answer_tweak&,
                                  std::string_view, int64_t) const override {
    return {};
  }

private:
  static void vector(std::string& out, const mock_call& call, uint64_t seed) {
    if (!call.base64)
      return append_vector(out, call.dimensions, seed);
    mock_random r{seed};
    std::string bytes;
    for (uint32_t i = 0; i < call.dimensions; ++i) {
      const auto bits = std::bit_cast<uint32_t>(static_cast<float>(r.uniform() * 2 - 1));
      for (int shift = 0; shift < 32; shift += 8) // Little-endian, as the SDKs decode it.
        bytes += static_cast<char>(bits >> shift & 0xff);
    }
    out += '"';
    append_base64(out, bytes);
    out += '"';
  }
};

} // namespace

const shape& chat_shape() {
  static const chat s;
  return s;
}

const shape& embeddings_shape() {
  static const embeddings s;
  return s;
}

} // namespace penstock::mock
