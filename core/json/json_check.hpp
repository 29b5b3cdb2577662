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
/// objects nested at most 200 deep. It is fast: it builds no values and checks 8 bytes of plain
/// text at a time, because a run checks each long string twice (at the scan and at the run).
/// @returns nullopt if the text is valid.
std::optional<json_fault> check_json(std::string_view text) noexcept;

} // namespace penstock::core
