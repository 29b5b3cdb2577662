#pragma once

#include <cstdint>

namespace penstock::core {

/// How a new output differs from the earlier one.
struct change_counts {
  uint64_t kept = 0;    ///< Lines that stay, also at another place.
  uint64_t again = 0;   ///< Requests sent again because they did not complete.
  uint64_t changed = 0; ///< Requests whose custom_id had another content.
  uint64_t added = 0;   ///< Requests without an earlier line.
  uint64_t removed = 0; ///< Lines whose request is gone.
  bool operator==(const change_counts&) const = default;
};

} // namespace penstock::core
