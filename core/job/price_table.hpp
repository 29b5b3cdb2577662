#pragma once

#include "core/base/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::core {

/// What the tokens of some models cost, in dollars per million.
struct price_row {
  std::vector<std::string> models; ///< Globs.
  double input = 0;                ///< Input tokens that no cache of the provider served.
  double cached_input = 0;         ///< Those that it served.
  double output = 0;               ///< Output tokens without reasoning.
  double reasoning = 0;            ///< Reasoning tokens.
};

/// The prices of all models of a job; the first row that matches a model wins. Pure and immutable,
/// safe to share between threads.
class price_table {
public:
  price_table() = default;
  explicit price_table(std::vector<price_row> rows) : rows_{std::move(rows)} {}

  bool empty() const noexcept { return rows_.empty(); }
  const std::vector<price_row>& rows() const noexcept { return rows_; }
  /// The row for `model`, or null: its price is unknown.
  const price_row* find(std::string_view model) const noexcept;
  /// What `used` costs in dollars; nothing if the model has no price or the usage is unknown.
  /// Counts that contradict themselves (more cached tokens than tokens) are cut to sense.
  std::optional<double> cost(std::string_view model, const usage& used) const noexcept;

private:
  std::vector<price_row> rows_;
};

} // namespace penstock::core
