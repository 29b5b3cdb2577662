#include "core/job/price_table.hpp"

#include "core/base/glob.hpp"

#include <algorithm>

namespace penstock::core {

const price_row* price_table::find(std::string_view model) const noexcept {
  for (auto& row : rows_)
    for (auto& glob : row.models)
      if (glob_match(glob, model))
        return &row;
  return nullptr;
}

std::optional<double> price_table::cost(std::string_view model, const usage& used) const noexcept {
  const auto* row = used.known ? find(model) : nullptr;
  if (!row)
    return std::nullopt;
  const auto cached = std::min(used.cached_input_tokens, used.input_tokens);
  const auto reasoning = std::min(used.reasoning_tokens, used.output_tokens);
  const auto of = [](uint64_t tokens, double price) { return static_cast<double>(tokens) * price; };
  return (of(used.input_tokens - cached, row->input) + of(cached, row->cached_input) +
          of(used.output_tokens - reasoning, row->output) + of(reasoning, row->reasoning)) /
         1e6;
}

} // namespace penstock::core
