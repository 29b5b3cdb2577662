#pragma once

#include "core/base/request.hpp"

#include <string>

namespace penstock::core {

/// The part of an outcome that the cache stores, to answer equal requests without an attempt.
struct cached_answer {
  int status_code = 200;  ///< HTTP status of the answer.
  std::string request_id; ///< The provider's id of the exchange that it came from.
  payload body;           ///< JSON on one line, as in `outcome::body`.
  usage used;             ///< Tokens of the original answer.
  duration upstream{};    ///< Time inside the exchanges of the original answer.
  std::string lane;       ///< The lane that answered.
};

} // namespace penstock::core
