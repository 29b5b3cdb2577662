#pragma once

#include "core/base/error.hpp"
#include "core/job/job_options.hpp"
#include "core/job/job_progress.hpp"

#include <string_view>

/// Reads options and progress from stores of format 1: the number 1, then the fields in a fixed
/// order, as the serializer of CAF 0.17 writes them (numbers big-endian; before each text or list
/// its size in 7-bit groups). This file never changes.
namespace penstock::io {

/// @returns `corrupt` for any other bytes.
result<core::job_options> options_of_format_1(std::string_view bytes);
result<core::job_progress> progress_of_format_1(std::string_view bytes);

} // namespace penstock::io
