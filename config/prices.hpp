#pragma once

#include "config/settings.hpp"
#include "core/price_table.hpp"

namespace penstock::config {

/// All prices of `values`: the `[[prices]]` rows in their order, then `upstream.price_input` and
/// `upstream.price_output` for every other model.
core::price_table price_table_of(const settings& values);

} // namespace penstock::config
