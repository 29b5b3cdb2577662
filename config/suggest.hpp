#pragma once

#include "core/base/suggest.hpp"

namespace penstock::config {

using core::did_you_mean;
using core::edit_distance;
using core::nearest;

} // namespace penstock::config
