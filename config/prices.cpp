#include "config/prices.hpp"

namespace penstock::config {

core::price_table price_table_of(const settings& values) {
  std::vector<core::price_row> rows;
  for (auto& p : values.prices)
    rows.push_back({p.models, p.input, p.cached_input.value_or(p.input), p.output,
                    p.reasoning.value_or(p.output)});
  const auto in = values.upstream.price_input, out = values.upstream.price_output;
  if (in > 0 || out > 0)
    rows.push_back({{"*"}, in, in, out, out});
  return core::price_table{std::move(rows)};
}

} // namespace penstock::config
