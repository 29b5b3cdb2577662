#include "core/io/document/document_words.hpp"
#include "core/io/document/xml_tree.hpp"

#include <algorithm>

namespace penstock::io {

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name) {
  for (auto inner : node)
    if (local_name(inner) == name)
      return inner;
  return {};
}

namespace {

pugi::xml_attribute attribute_of(const pugi::xml_node& node, std::string_view name) {
  for (auto attribute : node.attributes()) {
    const std::string_view full = attribute.name();
    if (full == name || (full.size() > name.size() && full.ends_with(name) &&
                         full[full.size() - name.size() - 1] == ':'))
      return attribute;
  }
  return {};
}

/// Walks the tree without recursion. @returns whether it is deeper than allowed.
bool is_too_deep(const pugi::xml_node& root) {
  size_t depth = 0;
  for (auto node = root.first_child(); node;) {
    if (auto inner = node.first_child()) {
      if (++depth > xml_depth_max)
        return true;
      node = inner;
      continue;
    }
    while (node && !node.next_sibling()) {
      node = node.parent();
      if (!node || node == root)
        return false;
      --depth;
    }
    node = node.next_sibling();
  }
  return false;
}

} // namespace

std::string_view attribute(const pugi::xml_node& node, std::string_view name) {
  return attribute_of(node, name).value();
}

bool has_attribute(const pugi::xml_node& node, std::string_view name) {
  return !attribute_of(node, name).empty();
}

bool is_on(const pugi::xml_node& node) {
  if (!node)
    return false;
  const auto value = attribute(node, "val");
  return value != "0" && value != "false" && value != "off";
}

pugi::xml_node find_inside(const pugi::xml_node& node, std::string_view name) {
  return node.find_node([&](const pugi::xml_node& n) { return local_name(n) == name; });
}

result<void> parse_xml(pugi::xml_document& to, std::string& bytes, std::string_view what) {
  constexpr auto tags_max = 2'000'000;
  if (std::ranges::count(bytes, '<') > tags_max)
    return unreadable("has more than " + std::to_string(tags_max) +
                      " tags in one part; split the document");
  const auto parsed = to.load_buffer_inplace(
    bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata, pugi::encoding_auto);
  if (!parsed)
    return unreadable("is a damaged " + std::string{what} + " file (" + parsed.description() +
                      "); open it in a word processor and save it anew");
  if (is_too_deep(to))
    return unreadable("is nested deeper than " + std::to_string(xml_depth_max) +
                      " levels; open it in a word processor and save it anew");
  return {};
}

} // namespace penstock::io
