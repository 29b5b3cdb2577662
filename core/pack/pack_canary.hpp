#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::core {

/// Whether the packed request `index` is also sent alone. The same seed chooses the same ones.
/// @param share Of the packed requests, from 0 to 1.
bool is_canary(uint64_t seed, uint64_t index, double share) noexcept;

/// Whether two chat completions say the same: their texts are equal without regard to white space
/// at the ends, to how much of it stands between words, and to the case of ASCII letters.
bool answers_agree(std::string_view body_a, std::string_view body_b);

} // namespace penstock::core
