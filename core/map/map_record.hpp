#pragma once

#include "core/base/request.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::core {

/// One answer of a stage as a line in the journal, in the output form with its checksum.
/// @param number The number of its row.
std::string encode_answer(const outcome& o, uint64_t number);
/// Reads a line of `encode_answer`; its `index` is the number. Times of single attempts and the
/// provider's request id are not kept completely.
/// @returns `errc::corrupt` if the line is damaged or not ours.
result<outcome> decode_answer(std::string_view line);

} // namespace penstock::core
