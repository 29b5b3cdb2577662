#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock::core {

/// The number of insertions, deletions, replacements and swaps that turn `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, for "did you mean". At most a third of the word may be wrong,
/// or one text must be the beginning of the other. Case does not matter; '-' and '_' are equal.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// " (did you mean X?)", or nothing.
std::string did_you_mean(const std::optional<std::string>& candidate);

} // namespace penstock::core
