#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <vector>

namespace penstock::core {

namespace {

/// Longer words are not typing mistakes. The limit keeps the table of distances small.
constexpr size_t word_length_max = 100;

std::string folded(std::string_view word) {
  auto out = to_lower(word.substr(0, word_length_max));
  std::ranges::replace(out, '-', '_');
  return out;
}

} // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  constexpr size_t prefix_min = 3;
  const auto wanted = folded(word);
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (auto& candidate : candidates) {
    const auto have = folded(candidate);
    size_t distance = edit_distance(wanted, have);
    const bool begins = wanted.size() >= prefix_min && have.size() >= prefix_min &&
                        (have.starts_with(wanted) || wanted.starts_with(have));
    if (begins)
      distance = std::min<size_t>(distance, 1);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(const std::optional<std::string>& candidate) {
  return candidate ? " (did you mean " + *candidate + "?)" : "";
}

} // namespace penstock::core
