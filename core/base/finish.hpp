#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::core {

/// The dialects in which an answer says why it ends.
enum class dialect : uint8_t { openai, responses, anthropic, gemini, ollama };

/// Why an answer ends.
enum class finish : uint8_t {
  whole,    ///< The model had no more to say; also every reason that nobody knows.
  cut,      ///< A maximum was reached: the text may be half.
  filtered, ///< The model refused, or a filter did: final, whatever text there is.
  broken,   ///< The provider broke off: as a 5xx.
};

/// What a reason means. Names of one dialect are taken from the others, too: gateways mix them.
finish finish_of(dialect spoken, std::string_view reason) noexcept;

} // namespace penstock::core
