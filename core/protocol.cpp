#include "core/openai_protocol.hpp"

namespace penstock::core {

const protocol* find_protocol(std::string_view name) noexcept {
  static const openai_protocol openai;
  static constexpr const protocol* table[] = {
      &openai,
  };
  for (const auto* p : table)
    if (p->name() == name)
      return p;
  return nullptr;
}

} // namespace penstock::core
