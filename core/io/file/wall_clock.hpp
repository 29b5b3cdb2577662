#pragma once

#include <cstdint>

namespace penstock::io {

/// Wall-clock time in seconds since 1970, for times that are stored: the steady clock means nothing
/// in another process.
using unix_seconds = int64_t;

/// The same in milliseconds; 0 stands for "never".
using unix_ms = int64_t;

/// The system's time.
unix_seconds wall_now() noexcept;
unix_ms wall_now_ms() noexcept;

} // namespace penstock::io
