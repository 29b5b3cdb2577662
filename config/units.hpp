#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

/// Reads a size: "32MB" (10^6), "64KiB" (2^10), "1.5GiB", or a number of bytes. Case does not
/// matter. Refuses signs, blanks, fractions of a byte and sizes from 2^63 on.
std::optional<uint64_t> parse_bytes(std::string_view text);

/// A text that `parse_bytes` reads as the same size, for example "32MiB" or "1000B".
std::string format_bytes(uint64_t n);

/// Reads a finite decimal number ("0.8", "1e6") without blanks; the only sign allowed is a minus.
std::optional<double> parse_number(std::string_view text);

/// The shortest text that `parse_number` reads as the same number.
std::string format_number(double x);

} // namespace penstock::config
