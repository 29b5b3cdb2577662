#include "apps/mock/mock_shape.hpp"
#include "apps/mock/mock_text.hpp"
#include "core/io/http/http_server.hpp"

#include <array>

namespace penstock::mock {

std::optional<header_mode> header_mode_from(std::string_view text) {
  static constexpr std::array<std::string_view, 6> names{"full",  "partial", "none",
                                                         "stale", "lying",   "empty"};
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == text)
      return static_cast<header_mode>(i);
  return std::nullopt;
}

std::string_view to_string(provider p) noexcept {
  static constexpr std::array<std::string_view, provider_count> names{"openai", "anthropic",
                                                                      "gemini", "ollama"};
  return names[static_cast<size_t>(p)];
}

std::string_view shape::stream_type(const mock_call&) const { return "text/event-stream"; }

std::string shape::error_event(const provider_error& e, std::string_view id) const {
  return "data: " + error_body(e, id) + "\n\n";
}

namespace {

/// "/v1beta/models/NAME:METHOD".
const shape* find_gemini(std::string_view path) {
  const size_t colon = path.rfind(':');
  const auto method = path.substr(std::min(colon, path.size()));
  static const std::array<std::pair<std::string_view, const shape*>, 5> methods{{
    {":generateContent", &gemini_shape()},
    {":streamGenerateContent", &gemini_stream_shape()},
    {":countTokens", &gemini_count_shape()},
    {":embedContent", &gemini_embed_shape()},
    {":batchEmbedContents", &gemini_batch_embed_shape()},
  }};
  for (const auto& [name, form] : methods)
    if (name == method)
      return form;
  return nullptr;
}

} // namespace

const shape* find_shape(std::string_view path) {
  if (path.starts_with("/v1/models/") ||
      (path.starts_with("/v1beta/") && !path.starts_with("/v1beta/openai/")))
    return find_gemini(path);
  for (std::string_view base : {"/v1/", "/v1beta/openai/"})
    if (path.starts_with(base)) {
      path.remove_prefix(base.size() - 1);
      break;
    }
  if (path == "/chat/completions")
    return &chat_shape();
  if (path == "/embeddings")
    return &embeddings_shape();
  if (path == "/messages")
    return &messages_shape();
  if (path == "/messages/count_tokens")
    return &count_tokens_shape();
  if (path == "/api/chat")
    return &ollama_chat_shape();
  if (path == "/api/generate")
    return &ollama_generate_shape();
  if (path == "/api/embed")
    return &ollama_embed_shape();
  return nullptr;
}

std::string finish_json(const answer_tweak& t, std::string_view right) {
  if (t.finish_reason == "null")
    return "null";
  return quoted(t.finish_reason.empty() ? right : std::string_view{t.finish_reason});
}

std::string_view dimension_text(dimension d) {
  switch (d) {
  case dimension::requests_minute: return "requests per min (RPM)";
  case dimension::requests_day: return "requests per day (RPD)";
  case dimension::input_tokens: return "input tokens per minute";
  case dimension::output_tokens: return "output tokens per minute";
  case dimension::total_tokens: return "tokens per min (TPM)";
  }
  return "";
}

void add_rate_header(std::string& out, std::string_view name, std::string_view value,
                     header_mode mode, mock_random& r) {
  static constexpr std::array<std::string_view, 8> lies{
    "1000000000000000000000000000000", "-7", "-1", "0", "999999", "NaN", "", "12,345 tokens"};
  if (mode == header_mode::stale)
    value = "-1";
  if (mode == header_mode::lying) {
    const uint64_t draw = r.next() % (lies.size() + 1);
    if (draw == lies.size())
      return; // A missing header is wrong, too.
    value = lies[draw];
  }
  io::add_header(out, name, value);
}

} // namespace penstock::mock
