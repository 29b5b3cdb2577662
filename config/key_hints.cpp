#include "config/key_hints.hpp"
#include "config/text.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cmath>
#include <charconv>

namespace penstock::config {

namespace {

/// The name of a provider or product, and the value to use instead.
struct provider_name {
  std::string_view name;
  std::string_view instead;
};

constexpr std::string_view speaks_openai =
  "openai, and its address as base_url (--base-url URL): it speaks the protocol of OpenAI";

constexpr provider_name provider_names[] = {
  {"claude", "anthropic"},    {"google", "gemini"},         {"vertex", "gemini"},
  {"gpt", "openai"},          {"chatgpt", "openai"},        {"llama", "ollama"},
  {"azure", speaks_openai},   {"deepseek", speaks_openai},  {"fireworks", speaks_openai},
  {"groq", speaks_openai},    {"llama.cpp", speaks_openai}, {"lmstudio", speaks_openai},
  {"mistral", speaks_openai}, {"moonshot", speaks_openai},  {"openrouter", speaks_openai},
  {"qwen", speaks_openai},    {"sglang", speaks_openai},    {"together", speaks_openai},
  {"vllm", speaks_openai},    {"xai", speaks_openai},
};

/// "200k" gives "200000"; empty if `text` is not a number with such a suffix.
std::string without_suffix(std::string_view text) {
  if (text.size() < 2)
    return {};
  const auto suffix = core::to_lower(text.substr(text.size() - 1));
  const double factor = suffix == "k" ? 1e3 : suffix == "m" ? 1e6 : 0;
  std::string digits;
  for (char c : text.substr(0, text.size() - 1))
    if (c != '_' && c != ',')
      digits += c;
  double n = 0;
  const auto* end = digits.data() + digits.size();
  const auto [at, ec] = std::from_chars(digits.data(), end, n);
  if (factor == 0 || ec != std::errc{} || at != end || !(n > 0 && n < 1e9))
    return {};
  return std::to_string(std::llround(n * factor));
}

} // namespace

std::string hint(const key_row& row, std::string_view given) {
  if (row.name == "upstream.protocol") {
    const auto word = core::to_lower(given);
    const auto* found = std::ranges::find(provider_names, word, &provider_name::name);
    return found == std::end(provider_names) ? "" : "; write " + std::string{found->instead};
  }
  if (row.kind != value_kind::integer && row.kind != value_kind::number)
    return {};
  const auto number = without_suffix(given);
  return number.empty() ? "" : "; write " + number;
}

} // namespace penstock::config
