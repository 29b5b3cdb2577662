#pragma once

#include "core/base/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// Prices of tokens for some models, in US dollars per million.
struct price_row {
  std::vector<std::string> models; ///< Names or patterns with `*`.
  double input = 0;                ///< Input tokens that were not in the provider's cache.
  double cached_input = 0;         ///< Input tokens from the provider's cache.
  double output = 0;               ///< Output tokens without reasoning.
  double reasoning = 0;            ///< Reasoning tokens.
};

/// The prices of all models of a job. The first row that matches a model counts. Immutable, so that
/// threads may share it.
class price_table {
public:
  price_table() = default;
  explicit price_table(std::vector<price_row> rows) : rows_{std::move(rows)} {}

  bool empty() const noexcept { return rows_.empty(); }
  const std::vector<price_row>& rows() const noexcept { return rows_; }
  /// The row for `model`; null: its price is unknown.
  const price_row* find(std::string_view model) const noexcept;
  /// The cost of `used` in US dollars; nullopt if the model has no price or the usage is unknown.
  /// A part that is larger than its total (more cached tokens than tokens) is cut to the total.
  std::optional<double> cost(std::string_view model, const usage& used) const noexcept;

private:
  std::vector<price_row> rows_;
};

} // namespace penstock::core
