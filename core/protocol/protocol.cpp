#include "core/protocol/anthropic_protocol.hpp"
#include "core/protocol/gemini_protocol.hpp"
#include "core/protocol/null_protocol.hpp"
#include "core/protocol/ollama_protocol.hpp"
#include "core/protocol/openai_protocol.hpp"
#include "core/protocol/reply_judge.hpp"

namespace penstock::core {

std::string protocol::present(const request&, std::string body, const verdict& v) const {
  return outcome_body(std::move(body), v);
}

const protocol* find_protocol(std::string_view name) noexcept {
  static const openai_protocol openai;
  static const anthropic_protocol anthropic;
  static const gemini_protocol gemini;
  static const ollama_protocol ollama;
  static const null_protocol null;
  static constexpr const protocol* table[] = {
    &openai, &anthropic, &gemini, &ollama, &null,
  };
  for (const auto* p : table)
    if (p->name() == name)
      return p;
  return nullptr;
}

} // namespace penstock::core
