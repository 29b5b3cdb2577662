#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_shape.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>

namespace penstock::mock {

namespace {

/// "NAME" of "/v1beta/models/NAME:method?query"; the whole of "tunedModels/NAME".
std::string model_of(std::string_view target) {
  auto path = target.substr(0, target.find('?'));
  path = path.substr(0, path.rfind(':'));
  path.remove_prefix(std::min(path.find('/', 1), path.size()));
  path.remove_prefix(std::min<size_t>(1, path.size()));
  if (path.starts_with("models/"))
    path.remove_prefix(7);
  return percent_decoded(path);
}

std::string_view status_name(int status) {
  switch (status) {
  case 400: return "INVALID_ARGUMENT";
  case 401: return "UNAUTHENTICATED";
  case 402: return "FAILED_PRECONDITION";
  case 403: return "PERMISSION_DENIED";
  case 404: return "NOT_FOUND";
  case 409: return "ABORTED";
  case 429: return "RESOURCE_EXHAUSTED";
  case 499: return "CANCELLED";
  case 501: return "UNIMPLEMENTED";
  case 503:
  case 529: return "UNAVAILABLE";
  case 408:
  case 504: return "DEADLINE_EXCEEDED";
  default: return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
  }
}

void read_gemini_part(talk& t, conversation::role who, const boost::json::object& part) {
  if (core::is_true_at(part, "thought"))
    return;
  if (const auto text = core::text_at(part, "text"); !text.empty())
    return t.say(who, text);
  // Both spellings are taken, here and below, as by the provider.
  for (std::string_view name : {"inlineData", "inline_data"})
    if (const auto* data = core::object_at(part, name))
      t.attach(core::text_at(*data, "data"));
  for (std::string_view name : {"fileData", "file_data"})
    if (const auto* file = core::object_at(part, name)) {
      const auto uri = core::text_at(*file, "fileUri");
      t.attach(uri.empty() ? core::text_at(*file, "file_uri") : uri);
    }
}

void read_parts(talk& t, conversation::role who, const boost::json::object& content) {
  t.turn();
  if (const auto* parts = content.if_contains("parts"))
    t.content(who, *parts, read_gemini_part);
}

result<void> read_contents(const boost::json::object& o, mock_call& c) {
  const auto* contents = core::array_at(o, "contents");
  if (!contents || contents->empty())
    return error{errc::bad_request,
                 "* GenerateContentRequest.contents: contents is not specified\n"};
  talk t{c};
  for (std::string_view name : {"systemInstruction", "system_instruction"})
    if (const auto* system = core::object_at(o, name))
      read_parts(t, conversation::role::system, *system);
  for (const auto& item : *contents) {
    const auto* content = item.if_object();
    if (!content)
      continue;
    const auto role = core::text_at(*content, "role");
    if (!role.empty() && role != "user" && role != "model" && role != "function")
      return error{errc::bad_request, "Please use a valid role: user, model."};
    read_parts(t, role == "model" ? conversation::role::assistant : conversation::role::user,
               *content);
  }
  t.finish();
  return {};
}

void read_config(const boost::json::object& config, mock_call& c) {
  c.output_max = core::whole_at(config, "maxOutputTokens").value_or(0);
  c.n = static_cast<uint32_t>(
    std::clamp<uint64_t>(core::whole_at(config, "candidateCount").value_or(1), 1, 8));
  const auto* schema = config.if_contains("responseJsonSchema");
  if (!schema)
    schema = config.if_contains("responseSchema");
  if (schema || core::text_at(config, "responseMimeType") == "application/json")
    ask_for_json(c, schema);
}

/// Errors and headers: the same everywhere.
class gemini : public shape {
public:
  provider speaks() const override { return provider::gemini; }

  std::string error_body(const provider_error& e, std::string_view) const override {
    std::string out = R"({"error":{"code":)";
    append_number(out, static_cast<uint64_t>(e.status));
    out.append(R"(,"message":)").append(quoted(e.message));
    out.append(R"(,"status":")").append(status_name(e.status)).append("\"");
    std::string details;
    if (e.status == 429)
      details += quota_failure(e);
    if (e.status == 429 && !e.retry.empty())
      details += R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":)" +
                 quoted(e.retry) + "},";
    if (e.code == "invalid_api_key")
      details +=
        R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID",)"
        R"("domain":"googleapis.com","metadata":{"service":"generativelanguage.googleapis.com"}},)";
    if (!details.empty()) {
      details.pop_back();
      out.append(R"(,"details":[)").append(details).append("]");
    }
    return out + "}}";
  }

  provider_error rejection(const admission& a, std::string_view model, double wait) const override {
    provider_error e{429, {}, {}, {}, {}, {}};
    e.detail = a.failing == dimension::requests_day ? "GenerateRequestsPerDayPerProjectPerModel"
               : a.failing == dimension::input_tokens
                 ? "GenerateContentInputTokensPerModelPerMinute"
                 : "GenerateRequestsPerMinutePerProjectPerModel";
    e.type = std::to_string(static_cast<uint64_t>(a.limit));
    std::string seconds;
    append_number(seconds, wait);
    e.message = "You exceeded your current quota, please check your plan and billing details. "
                "* Quota exceeded for metric: " +
                std::string{metric_of(e.detail)} + ", limit: " + e.type +
                ", model: " + std::string{model};
    if (a.too_large)
      return e; // It never fits, and yet the provider would say a time; ours does not.
    e.retry = seconds + 's';
    e.message += "\nPlease retry in " + e.retry + '.';
    return e;
  }

  void headers(std::string&, const limit_levels&, header_mode, std::string_view, mock_random&,
               std::chrono::system_clock::time_point) const override {}

private:
  static std::string_view metric_of(std::string_view quota) {
    return quota.find("InputTokens") != quota.npos
             ? "generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count"
             : "generativelanguage.googleapis.com/generate_content_paid_tier_requests";
  }
  /// The quota that was exceeded: `detail` names it, or says that there is no money.
  static std::string quota_failure(const provider_error& e) {
    const bool spent = e.detail == "enforced_spend_limit_reached";
    const std::string_view quota = spent || e.detail.empty()
                                     ? "GenerateRequestsPerMinutePerProjectPerModel"
                                     : std::string_view{e.detail};
    const bool number = !e.type.empty() && std::all_of(e.type.begin(), e.type.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
    std::string out = R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)"
                      R"({"quotaMetric":)";
    out.append(quoted(metric_of(quota))).append(R"(,"quotaId":)").append(quoted(quota));
    out.append(R"(,"quotaDimensions":{"location":"global"},"quotaValue":")");
    return out.append(spent ? "0" : number ? std::string_view{e.type} : "500").append("\"}]},");
  }
};

class generate : public gemini {
public:
  result<mock_call> parse(std::string_view body, std::string_view target) const override {
    return read_body(body, model_of(target),
                     [](const boost::json::object& o, mock_call& c) -> result<void> {
                       c.stream = false; // The method says it.
                       if (const auto* config = core::object_at(o, "generationConfig"))
                         read_config(*config, c);
                       return read_contents(o, c);
                     });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view id, int64_t) const override {
    std::string out = "{";
    candidates(out, call, a, t, words_of(a, t), a.reasoning_tokens > 0, finish(a, t));
    end(out, call, a, t, id);
    return out;
  }

  std::vector<std::string> events(const mock_call& call, const mock_answer& a,
                                  const answer_tweak& t, std::string_view id,
                                  int64_t) const override {
    std::vector<std::string> out;
    const auto chunk = [&](std::string_view words, bool thought, std::string_view reason) {
      std::string e = call.lines ? "data: {" : out.empty() ? "[{" : ",\n{";
      candidates(e, call, a, t, words, thought, reason);
      end(e, call, a, t, id);
      out.push_back(std::move(e) + (call.lines ? "\r\n\r\n" : ""));
    };
    std::string_view rest = words_of(a, t);
    bool thought = a.reasoning_tokens > 0;
    while (rest.size() > 12) {
      const auto piece = first_codepoints(rest, 12);
      rest.remove_prefix(piece.size());
      chunk(piece, std::exchange(thought, false), {});
    }
    chunk(rest, thought, finish(a, t));
    if (!call.lines)
      out.back() += "]";
    return out;
  }

  std::string_view stream_type(const mock_call& call) const override {
    return call.lines ? "text/event-stream" : "application/json; charset=UTF-8";
  }

private:
  static std::string_view words_of(const mock_answer& a, const answer_tweak& t) {
    return t.content_filter ? std::string_view{} : a.text;
  }
  static std::string_view finish(const mock_answer& a, const answer_tweak& t) {
    return t.content_filter ? "SAFETY" : a.cut || t.cut ? "MAX_TOKENS" : "STOP";
  }
  static void candidates(std::string& out, const mock_call& call, const mock_answer&,
                         const answer_tweak& t, std::string_view words, bool thought,
                         std::string_view reason) {
    if (t.refusal) // The prompt was blocked.
      out += R"("promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},)";
    if (t.refusal || t.empty_choices)
      return;
    out += R"("candidates":[)";
    for (uint32_t i = 0; i < call.n; ++i) {
      out += i > 0 ? ",{" : "{";
      if (!t.null_content && !t.content_filter) { // Else the content is not there.
        const std::string part = t.no_content ? "" : R"({"text":)" + quoted(words) + '}';
        out.append(R"("content":{"parts":[)")
          .append(thought ? R"({"text":"Let me think.","thought":true})" : "")
          .append(thought && !part.empty() ? "," : "");
        out.append(part).append(R"(],"role":"model"},)");
      }
      if (!reason.empty())
        out.append(R"("finishReason":)").append(finish_json(t, reason)).append(",");
      out += R"("index":)";
      append_number(out, uint64_t{i});
      out += '}';
    }
    out += "],";
  }
  /// Usage and names, to the end of the object.
  static void end(std::string& out, const mock_call& call, const mock_answer& a,
                  const answer_tweak& t, std::string_view id) {
    if (!t.usage_missing) {
      const auto put = [&](std::string_view name, uint64_t n) {
        out.append("\"").append(name).append("\":");
        append_number(out, static_cast<uint64_t>(static_cast<double>(n) * t.usage_factor));
        out += ',';
      };
      out += R"("usageMetadata":{)";
      put("promptTokenCount", a.input_tokens);
      put("candidatesTokenCount", a.output_tokens - a.reasoning_tokens);
      if (a.reasoning_tokens > 0)
        put("thoughtsTokenCount", a.reasoning_tokens);
      if (a.cached_tokens > 0)
        put("cachedContentTokenCount", a.cached_tokens);
      put("totalTokenCount", a.input_tokens + a.output_tokens);
      out.back() = '}';
      out += ',';
    }
    out.append(R"("modelVersion":)").append(quoted(call.model));
    out.append(R"(,"responseId":")").append(id).append("\"}");
  }
};

class stream_generate final : public generate {
public:
  result<mock_call> parse(std::string_view body, std::string_view target) const override {
    auto c = generate::parse(body, target);
    if (c) {
      c->stream = true;
      c->lines = target.find("alt=sse") != target.npos;
    }
    return c;
  }
};

class gemini_count_tokens final : public gemini {
public:
  result<mock_call> parse(std::string_view body, std::string_view target) const override {
    return read_body(body, model_of(target),
                     [](const boost::json::object& o, mock_call& c) -> result<void> {
                       c.counting = true;
                       c.stream = false;
                       const auto* inner = core::object_at(o, "generateContentRequest");
                       return read_contents(inner ? *inner : o, c);
                     });
  }
  std::string answer(const mock_call&, const mock_answer& a, const answer_tweak&, std::string_view,
                     int64_t) const override {
    std::string out = R"({"totalTokens":)";
    append_number(out, a.input_tokens);
    return out + '}';
  }
  std::vector<std::string> events(const mock_call&, const mock_answer&, const answer_tweak&,
                                  std::string_view, int64_t) const override {
    return {};
  }
};

/// `:embedContent` and `:batchEmbedContents`. Neither tells a usage.
class embed final : public gemini {
public:
  explicit embed(bool batch) : batch_(batch) {}

  result<mock_call> parse(std::string_view body, std::string_view target) const override {
    return read_body(
      body, model_of(target), [this](const boost::json::object& o, mock_call& c) -> result<void> {
        c.stream = false;
        if (!batch_)
          return read_one(o, c);
        const auto* list = core::array_at(o, "requests");
        if (!list || list->empty() || list->size() > 100)
          return error{errc::bad_request,
                       "* BatchEmbedContentsRequest.requests: 1 to 100 are allowed\n"};
        for (const auto& r : *list) {
          const auto* one = r.if_object();
          if (!one)
            return error{errc::bad_request, "* requests: an object is expected\n"};
          if (auto read = read_one(*one, c); !read)
            return read;
        }
        return {};
      });
  }

  std::string answer(const mock_call& call, const mock_answer&, const answer_tweak& t,
                     std::string_view, int64_t) const override {
    std::string out = batch_ ? R"({"embeddings":[)" : R"({"embedding":)";
    const size_t count = t.empty_choices ? 0 : call.inputs.size();
    for (size_t i = 0; i < count; ++i) {
      out += i > 0 ? R"(,{"values":)" : R"({"values":)";
      if (t.null_content)
        out += "null";
      else
        append_vector(out, call.dimensions, call.inputs[i]);
      out += '}';
    }
    return out + (batch_ ? "]}" : count == 0 ? "null}" : "}");
  }
  std::vector<std::string> events(const mock_call&, const mock_answer&, const answer_tweak&,
                                  std::string_view, int64_t) const override {
    return {};
  }

private:
  static result<void> read_one(const boost::json::object& o, mock_call& c) {
    const auto* content = core::object_at(o, "content");
    const auto* parts = content ? core::array_at(*content, "parts") : nullptr;
    std::string text;
    if (parts)
      for (const auto& p : *parts)
        if (const auto* part = p.if_object())
          text += core::text_at(*part, "text");
    if (text.empty())
      return error{errc::bad_request, "* EmbedContentRequest.content: content is not specified\n"};
    add_input(c, text);
    c.dimensions = static_cast<uint32_t>(
      std::clamp<uint64_t>(core::whole_at(o, "outputDimensionality").value_or(8), 1, 4096));
    return {};
  }

  bool batch_;
};

} // namespace

const shape& gemini_shape() {
  static const generate s;
  return s;
}

const shape& gemini_stream_shape() {
  static const stream_generate s;
  return s;
}

const shape& gemini_count_shape() {
  static const gemini_count_tokens s;
  return s;
}

const shape& gemini_embed_shape() {
  static const embed s{false};
  return s;
}

const shape& gemini_batch_embed_shape() {
  static const embed s{true};
  return s;
}

} // namespace penstock::mock
