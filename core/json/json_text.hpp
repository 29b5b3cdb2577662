#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace penstock::core {

/// Appends `value` as JSON on one line. Numbers look as people write them: 0.8 and 600, not the
/// 8E-1 and 6E2 of Boost.JSON. Infinity and NaN become null, because JSON has no such numbers.
void append_json(std::string& out, const boost::json::value& value);

/// `value` as JSON on one line.
std::string json_text(const boost::json::value& value);

} // namespace penstock::core
