#pragma once

#include <cstdint>

namespace penstock::io {

/// Wall-clock time in seconds since 1970: for what outlives the process, and with it the steady clock.
using unix_seconds = int64_t;

/// The system's time.
unix_seconds wall_now() noexcept;

} // namespace penstock::io
