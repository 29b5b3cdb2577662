#pragma once

#include "actors/supervisor/cache_setup.hpp"

namespace penstock::cli {

using actors::cache_file_of;
using actors::cache_limits_of;
using actors::find_cache;
using actors::make_cache_setup;

} // namespace penstock::cli
