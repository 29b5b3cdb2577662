#pragma once

#include "config/settings.hpp"
#include "core/job/price_table.hpp"

namespace penstock::config {

/// All prices of `values`: the `[[prices]]` rows in order, then `upstream.price_input` and
/// `upstream.price_output` for all other models.
core::price_table price_table_of(const settings& values);
/// The prices at one upstream: the rows for it or for all, then its own two prices.
core::price_table price_table_of(const settings& values, const upstream_settings& upstream);

} // namespace penstock::config
