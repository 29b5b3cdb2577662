#include "config/prices.hpp"

namespace penstock::config {

namespace {

core::price_row row_of(const price_settings& p) {
  return {p.models, p.input, p.cached_input.value_or(p.input), p.output,
          p.reasoning.value_or(p.output)};
}

void append_own(const upstream_settings& upstream, std::vector<core::price_row>& rows) {
  const auto in = upstream.price_input, out = upstream.price_output;
  if (in > 0 || out > 0)
    rows.push_back({{"*"}, in, in, out, out});
}

} // namespace

core::price_table price_table_of(const settings& values) {
  std::vector<core::price_row> rows;
  for (auto& p : values.prices)
    rows.push_back(row_of(p));
  append_own(values.upstream, rows);
  return core::price_table{std::move(rows)};
}

core::price_table price_table_of(const settings& values, const upstream_settings& upstream) {
  std::vector<core::price_row> rows;
  for (auto& p : values.prices)
    if (p.upstream.empty() || p.upstream == upstream.name)
      rows.push_back(row_of(p));
  append_own(upstream, rows);
  return core::price_table{std::move(rows)};
}

} // namespace penstock::config
