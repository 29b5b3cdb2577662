#pragma once

#include <pugixml.hpp>

#include <string>

namespace penstock::io {

/// An equation of Word (`m:oMath`) on one line: `x^2+(a)/(b)=sqrt(y)(n-1)`. Names of operators are
/// their characters; what has no form of its own appears by its parts in order.
/// @pre the tree is not deeper than `xml_depth_max`.
std::string linear_equation(const pugi::xml_node& math);

} // namespace penstock::io
