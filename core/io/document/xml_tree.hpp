#pragma once

#include "core/base/error.hpp"

#include <pugixml.hpp>

#include <string>
#include <string_view>

namespace penstock::io {

/// Largest depth of nested elements; a deeper document is refused.
inline constexpr size_t xml_depth_max = 200;

/// The name of an element without its namespace.
std::string_view local_name(const pugi::xml_node& node);
/// The first child with this local name, or none.
pugi::xml_node child(const pugi::xml_node& node, std::string_view name);
/// The value of an attribute by its local name; empty if there is none.
std::string_view attribute(const pugi::xml_node& node, std::string_view name);
/// Whether there is such an attribute.
bool has_attribute(const pugi::xml_node& node, std::string_view name);
/// Whether a switch of OOXML is on: the element exists, and its value is not "0", "false" or "off".
bool is_on(const pugi::xml_node& node);
/// `node` or an element with this local name anywhere inside it, at most `xml_depth_max` deep.
pugi::xml_node find_inside(const pugi::xml_node& node, std::string_view name);

/// Parses `bytes` (and changes them), with limits for the number of tags and their depth.
/// @param what The format, for the message.
result<void> parse_xml(pugi::xml_document& to, std::string& bytes, std::string_view what);

} // namespace penstock::io
