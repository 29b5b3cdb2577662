#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace penstock::core {

/// How many insertions, deletions, replacements and swaps of neighbours turn `a` into `b`.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that somebody who wrote `word` most likely meant, or nothing if none is near: at
/// most a third of the word wrong, or one is the beginning of the other. Case, '-' and '_' are
/// alike.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

/// " (did you mean X?)", or nothing.
std::string did_you_mean(const std::optional<std::string>& candidate);

} // namespace penstock::core
