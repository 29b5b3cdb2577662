#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace penstock::core {

/// Why a text is not JSON, and where.
struct json_fault {
  size_t at = 0;           ///< Byte, from 0; the size of the text if it ends too early.
  std::string_view reason; ///< For people.
};

/// Checks that `text` is one JSON value by RFC 8259: valid UTF-8, no lone surrogates, arrays and
/// objects nested at most 200 deep. Builds nothing, and takes plain text 8 bytes at a time: most of
/// what a run reads are long strings, and each is looked at twice (scan and run).
/// @returns nullopt if it is.
std::optional<json_fault> check_json(std::string_view text) noexcept;

} // namespace penstock::core
