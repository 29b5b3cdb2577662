#include "core/recipe/document.hpp"

namespace penstock::core {

bool takes_pdf(std::string_view protocol, std::string_view base_url) noexcept {
  if (protocol == "anthropic" || protocol == "gemini")
    return true;
  return protocol == "openai" && base_url.starts_with("https://api.openai.com");
}

} // namespace penstock::core
