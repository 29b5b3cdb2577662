#include "core/base/finish.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <array>

namespace penstock::core {

namespace {

struct finish_row {
  dialect spoken;
  std::string_view reason;
  finish meaning;
  std::string_view source;
};

using d = dialect;
using f = finish;

/// Reasons that mean more than `whole`.
constexpr std::array finish_rows{
  finish_row{d::openai, "length", f::cut, "OpenAI chat completions"},
  finish_row{d::openai, "content_filter", f::filtered, "OpenAI chat completions"},
  finish_row{d::openai, "model_length", f::cut, "Mistral: the context is full"},
  finish_row{d::openai, "error", f::broken, "OpenRouter, Mistral: the provider behind failed"},
  finish_row{d::openai, "abort", f::broken, "vLLM, SGLang: the server gave the request up"},
  finish_row{d::openai, "aborted", f::broken, "gateways"},
  finish_row{d::openai, "cancelled", f::broken, "gateways"},
  finish_row{d::openai, "timeout", f::broken, "gateways"},
  finish_row{d::openai, "insufficient_system_resource", f::broken, "DeepSeek chat completions"},
  finish_row{d::openai, "network_error", f::broken, "Z.ai chat completions"},
  finish_row{d::openai, "model_context_window_exceeded", f::cut, "Z.ai chat completions"},
  finish_row{d::openai, "sensitive", f::filtered, "Z.ai chat completions"},
  finish_row{d::openai, "safety", f::filtered, "gateways in front of Gemini"},
  finish_row{d::openai, "refusal", f::filtered, "gateways in front of Anthropic"},
  finish_row{d::responses, "max_output_tokens", f::cut, "OpenAI responses, incomplete_details"},
  finish_row{d::responses, "content_filter", f::filtered, "OpenAI responses"},
  finish_row{d::anthropic, "max_tokens", f::cut, "Anthropic stop reasons"},
  finish_row{d::anthropic, "model_context_window_exceeded", f::cut, "Anthropic stop reasons"},
  finish_row{d::anthropic, "pause_turn", f::cut, "Anthropic: a long turn that has to be continued"},
  finish_row{d::anthropic, "refusal", f::filtered, "Anthropic stop reasons"},
  finish_row{d::gemini, "MAX_TOKENS", f::cut, "Gemini FinishReason"},
  finish_row{d::gemini, "SAFETY", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "RECITATION", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "LANGUAGE", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "OTHER", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "BLOCKLIST", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "PROHIBITED_CONTENT", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "SPII", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "IMAGE_SAFETY", f::filtered, "Gemini FinishReason"},
  finish_row{d::gemini, "MALFORMED_FUNCTION_CALL", f::broken, "Gemini: the model's mistake"},
  finish_row{d::gemini, "MALFORMED_RESPONSE", f::broken, "Gemini: the model's mistake"},
  finish_row{d::gemini, "UNEXPECTED_TOOL_CALL", f::broken, "Gemini: the model's mistake"},
  finish_row{d::gemini, "TOO_MANY_TOOL_CALLS", f::broken, "Gemini: the model's mistake"},
  finish_row{d::ollama, "length", f::cut, "Ollama chat"},
  finish_row{d::ollama, "load", f::broken, "Ollama: the model was loaded and said nothing"},
  finish_row{d::ollama, "unload", f::broken, "Ollama: the model was taken out of memory"},
};

} // namespace

finish finish_of(dialect spoken, std::string_view reason) noexcept {
  const auto in_dialect = std::ranges::find_if(finish_rows, [&](auto& row) {
    return row.spoken == spoken && equal_nocase(row.reason, reason);
  });
  if (in_dialect != finish_rows.end())
    return in_dialect->meaning;
  const auto elsewhere =
    std::ranges::find_if(finish_rows, [&](auto& row) { return equal_nocase(row.reason, reason); });
  return elsewhere == finish_rows.end() ? finish::whole : elsewhere->meaning;
}

} // namespace penstock::core
