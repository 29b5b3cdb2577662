#pragma once

#include <pugixml.hpp>

#include <string>

namespace penstock::io {

/// An equation of Word (`m:oMath`) on one line: `x^2+(a)/(b)=sqrt(y)(n-1)`. Operators appear as
/// their characters. An element without a special form appears as its parts in order.
/// @pre The tree is not deeper than `xml_depth_max`.
std::string linear_equation(const pugi::xml_node& math);

} // namespace penstock::io
