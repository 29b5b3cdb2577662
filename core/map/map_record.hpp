#pragma once

#include "core/base/request.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::core {

/// One answer of a stage as the journal keeps it: a line of the output form, checksum and all.
/// @param number Of its row.
std::string encode_answer(const outcome& o, uint64_t number);
/// Reads what `encode_answer` wrote; its `index` is the number. Times of single attempts and the
/// provider's request id are not all kept.
/// @returns `errc::corrupt` if the line is damaged or not ours.
result<outcome> decode_answer(std::string_view line);

} // namespace penstock::core
