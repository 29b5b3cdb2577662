#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace penstock::core {

/// A text that is JSON after all.
struct repaired_json {
  std::string text;
  std::string what; ///< For people: "half of a surrogate pair", or several kinds of faults.
};

/// Mends what models and careless servers do to JSON, without guessing at the content: half of a
/// surrogate pair and bytes that are no UTF-8 become U+FFFD, raw control characters in texts become
/// escapes, NaN and Infinity become null. Nothing else is touched.
/// @returns nullopt if there was nothing of this kind. The text may be broken in other ways still.
std::optional<repaired_json> repair_json(std::string_view text);

} // namespace penstock::core
