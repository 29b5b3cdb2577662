#pragma once

#include <boost/json/value.hpp>

#include <cmath>

namespace penstock::config {

/// `x` as people write it in JSON: 600, not the 6E2 of Boost.JSON for a double.
inline boost::json::value json_number(double x) {
  constexpr double exact = 9'007'199'254'740'992.0;
  if (std::abs(x) <= exact && x == std::floor(x))
    return boost::json::value(static_cast<int64_t>(x));
  return boost::json::value(x);
}

} // namespace penstock::config
