#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::core {

/// Whether the packed request `index` is also sent alone. The same seed chooses the same requests.
/// @param share Which part of the packed requests, from 0 to 1.
bool is_canary(uint64_t seed, uint64_t index, double share) noexcept;

/// Whether two chat completions have the same text. White space at the ends, the amount of white
/// space between words, and the case of ASCII letters do not matter.
bool answers_agree(std::string_view body_a, std::string_view body_b);

} // namespace penstock::core
