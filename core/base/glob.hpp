#pragma once

#include <string_view>

namespace penstock::core {

/// Whether `text` matches `pattern`, where `*` stands for any bytes and `?` for one. Linear in
/// practice, and never worse than the product of the lengths.
bool glob_match(std::string_view pattern, std::string_view text) noexcept;

} // namespace penstock::core
