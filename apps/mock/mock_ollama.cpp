#include "apps/mock/mock_json.hpp"
#include "apps/mock/mock_shape.hpp"
#include "apps/mock/mock_text.hpp"

#include <algorithm>

namespace penstock::mock {

namespace {

void attach_images(talk& t, const boost::json::object& o) {
  if (const auto* images = core::array_at(o, "images"))
    for (const auto& i : *images)
      if (const auto* data = i.if_string())
        t.attach({data->data(), data->size()});
}

/// The common parts of chat and generate.
void read_options(const boost::json::object& o, mock_call& c) {
  const auto* stream = o.if_contains("stream");
  c.stream = !stream || !stream->is_bool() || stream->get_bool(); // On, unless told otherwise.
  if (const auto* options = core::object_at(o, "options"))
    c.output_max = core::whole_at(*options, "num_predict").value_or(0);
  if (const auto* format = o.if_contains("format"))
    if (format->is_object() || core::text_at(o, "format") == "json")
      ask_for_json(c, format);
}

class ollama : public shape {
public:
  provider speaks() const override { return provider::ollama; }

  std::string error_body(const provider_error& e, std::string_view) const override {
    return R"({"error":)" + quoted(e.message) + '}';
  }
  std::string error_event(const provider_error& e, std::string_view id) const override {
    return error_body(e, id) + '\n';
  }
  std::string_view stream_type(const mock_call&) const override { return "application/x-ndjson"; }
  std::string_view comment() const override { return "\n"; }

  /// A hosted server has limits; its refusal has only this text.
  provider_error rejection(const admission&, std::string_view, double) const override {
    provider_error e{429, {}, {}, {}, "too many requests: you have reached your usage limit", {}};
    return e;
  }
  void headers(std::string&, const limit_levels&, header_mode, std::string_view, mock_random&,
               std::chrono::system_clock::time_point) const override {}

protected:
  static void begin(std::string& out, const mock_call& call, int64_t now) {
    out.append(R"({"model":)").append(quoted(call.model)).append(R"(,"created_at":")");
    out.append(rfc3339(std::chrono::system_clock::from_time_t(now))).append("\"");
  }
  /// Counters and times, to the end of the object.
  static void end(std::string& out, const mock_answer& a, const answer_tweak& t) {
    out += R"(,"done":true,"done_reason":)";
    out += finish_json(t, a.cut || t.cut ? "length" : "stop");
    const auto put = [&out](std::string_view name, uint64_t n) {
      if (n == 0)
        return; // As the server does it.
      out.append(",\"").append(name).append("\":");
      append_number(out, n);
    };
    const auto scaled = [&t](uint64_t n) {
      return static_cast<uint64_t>(static_cast<double>(n) * t.usage_factor);
    };
    put("total_duration", 1'000'000 * (a.input_tokens + a.output_tokens) + 5'000'000);
    put("load_duration", 5'000'000);
    if (!t.usage_missing) {
      put("prompt_eval_count", scaled(a.input_tokens));
      put("prompt_eval_duration", 1'000'000 * a.input_tokens);
      put("eval_count", scaled(a.output_tokens));
      put("eval_duration", 1'000'000 * a.output_tokens);
    }
    out += '}';
  }
};

/// `/api/chat`, and `/api/generate`, which has a prompt for messages and a response for a message.
class ollama_text final : public ollama {
public:
  explicit ollama_text(bool chat) : chat_(chat) {}

  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [this](const boost::json::object& o, mock_call& c) -> result<void> {
      read_options(o, c);
      return chat_ ? read_chat(o, c) : read_prompt(o, c);
    });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view, int64_t now) const override {
    std::string out;
    begin(out, call, now);
    words(out, t, words_of(a, t), a.reasoning_tokens > 0);
    end(out, a, t);
    return out;
  }

  std::vector<std::string> events(const mock_call& call, const mock_answer& a,
                                  const answer_tweak& t, std::string_view,
                                  int64_t now) const override {
    std::vector<std::string> out;
    const bool silent = t.null_content || t.no_content;
    std::string_view rest = silent ? std::string_view{} : words_of(a, t);
    bool thought = a.reasoning_tokens > 0;
    while (!rest.empty()) {
      const auto piece = first_codepoints(rest, 12);
      rest.remove_prefix(piece.size());
      std::string line;
      begin(line, call, now);
      words(line, t, piece, std::exchange(thought, false));
      out.push_back(line + ",\"done\":false}\n");
    }
    std::string last;
    begin(last, call, now);
    words(last, t, "", false);
    end(last, a, t);
    out.push_back(last + '\n');
    return out;
  }

private:
  static result<void> read_chat(const boost::json::object& o, mock_call& c) {
    using enum conversation::role;
    const auto* messages = core::array_at(o, "messages");
    if (!messages || messages->empty())
      return error{errc::bad_request, "messages is required"};
    talk t{c};
    for (const auto& m : *messages) {
      const auto* message = m.if_object();
      const auto* content = message ? message->if_contains("content") : nullptr;
      if (content && !content->is_string() && !content->is_null())
        return error{errc::bad_request, "json: cannot unmarshal array into Go struct field "
                                        "ChatRequest.messages.content of type string"};
      if (!message)
        continue;
      t.turn();
      const auto role = core::text_at(*message, "role");
      if (role == "tool")
        c.input_tokens += estimate_tokens(core::text_at(*message, "content"));
      else
        t.say(role == "system"      ? system
              : role == "assistant" ? assistant
                                    : user,
              core::text_at(*message, "content"));
      attach_images(t, *message);
    }
    t.finish();
    return {};
  }

  static result<void> read_prompt(const boost::json::object& o, mock_call& c) {
    const auto prompt = core::text_at(o, "prompt");
    if (prompt.empty())
      return error{errc::bad_request, "prompt is required"};
    talk t{c};
    t.turn();
    t.say(conversation::role::system, core::text_at(o, "system"));
    t.say(conversation::role::user, prompt);
    attach_images(t, o);
    t.finish();
    return {};
  }

  static std::string_view words_of(const mock_answer& a, const answer_tweak& t) {
    return t.refusal || t.content_filter ? "I cannot help with that." : std::string_view{a.text};
  }

  /// The member that holds the words.
  void words(std::string& out, const answer_tweak& t, std::string_view text, bool thought) const {
    if (t.empty_choices)
      return;
    const auto content = t.null_content ? std::string{"null"} : quoted(text);
    if (chat_)
      out += R"(,"message":{"role":"assistant")";
    if (!t.no_content)
      out.append(chat_ ? R"(,"content":)" : R"(,"response":)").append(content);
    if (thought)
      out += R"(,"thinking":"Let me think.")";
    if (chat_)
      out += '}';
  }

  bool chat_;
};

class ollama_embed final : public ollama {
public:
  result<mock_call> parse(std::string_view body, std::string_view) const override {
    return read_body(body, {}, [](const boost::json::object& o, mock_call& c) -> result<void> {
      c.stream = false;
      if (const auto* input = o.if_contains("input"))
        read_inputs(*input, c);
      if (c.inputs.empty())
        return error{errc::bad_request, "input is required"};
      c.dimensions = static_cast<uint32_t>(
        std::clamp<uint64_t>(core::whole_at(o, "dimensions").value_or(8), 1, 4096));
      return {};
    });
  }

  std::string answer(const mock_call& call, const mock_answer& a, const answer_tweak& t,
                     std::string_view, int64_t) const override {
    std::string out = R"({"model":)" + quoted(call.model) + R"(,"embeddings":[)";
    for (size_t i = 0; i < (t.empty_choices ? 0 : call.inputs.size()); ++i) {
      if (i > 0)
        out += ',';
      if (t.null_content)
        out += "null";
      else
        append_vector(out, call.dimensions, call.inputs[i]);
    }
    out += R"(],"total_duration":7000000,"load_duration":5000000)";
    if (!t.usage_missing) {
      out += R"(,"prompt_eval_count":)";
      append_number(out,
                    static_cast<uint64_t>(static_cast<double>(a.input_tokens) * t.usage_factor));
    }
    return out + '}';
  }
  std::vector<std::string> events(const mock_call&, const mock_answer&, const answer_tweak&,
                                  std::string_view, int64_t) const override {
    return {};
  }
};

} // namespace

const shape& ollama_chat_shape() {
  static const ollama_text s{true};
  return s;
}

const shape& ollama_generate_shape() {
  static const ollama_text s{false};
  return s;
}

const shape& ollama_embed_shape() {
  static const ollama_embed s;
  return s;
}

} // namespace penstock::mock
