#include "core/io/document/docx_math.hpp"
#include "core/base/text.hpp"
#include "core/io/document/xml_tree.hpp"

#include <algorithm>

namespace penstock::io {

namespace {

/// Whether an index or exponent needs no brackets: a number, a name, one character.
bool is_atom(std::string_view text) {
  if (text.empty())
    return true;
  if (core::utf8_length(text, 0) == text.size())
    return true;
  return std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.';
  });
}

std::string grouped(std::string text) { return is_atom(text) ? text : "(" + text + ")"; }

std::string equation_part(const pugi::xml_node& node);

std::string inside_of(const pugi::xml_node& node) {
  std::string out;
  for (auto inner : node)
    out += equation_part(inner);
  return out;
}

std::string part_of(const pugi::xml_node& node, std::string_view name) {
  return inside_of(child(node, name));
}

/// The character in the properties of an element; `otherwise` if there is none.
std::string character(const pugi::xml_node& properties, std::string_view name,
                      std::string_view otherwise) {
  const auto node = child(properties, name);
  return std::string{node && has_attribute(node, "val") ? attribute(node, "val") : otherwise};
}

std::string joined(const pugi::xml_node& node, std::string_view name, std::string_view between) {
  std::string out;
  bool first = true;
  for (auto inner : node)
    if (local_name(inner) == name) {
      out += (first ? "" : std::string{between}) + inside_of(inner);
      first = false;
    }
  return out;
}

std::string fraction(const pugi::xml_node& node) {
  const auto above = part_of(node, "num"), below = part_of(node, "den");
  const auto type = attribute(child(child(node, "fPr"), "type"), "val");
  if (type == "noBar") // A binomial coefficient; the file has brackets around it.
    return above + " over " + below;
  return "(" + above + ")/(" + below + ")";
}

std::string root(const pugi::xml_node& node) {
  const auto degree = part_of(node, "deg");
  const auto hidden = is_on(child(child(node, "radPr"), "degHide"));
  const auto body = "(" + part_of(node, "e") + ")";
  return degree.empty() || hidden ? "sqrt" + body : "root[" + degree + "]" + body;
}

std::string operator_with_limits(const pugi::xml_node& node) {
  const auto properties = child(node, "naryPr");
  auto out = character(properties, "chr", "\u222b");
  if (auto below = part_of(node, "sub"); !below.empty())
    out += "_" + grouped(below);
  if (auto above = part_of(node, "sup"); !above.empty())
    out += "^" + grouped(above);
  return out + " " + part_of(node, "e");
}

std::string matrix(const pugi::xml_node& node) {
  std::string out;
  for (auto row : node)
    if (local_name(row) == "mr")
      out += (out.empty() ? "" : "; ") + joined(row, "e", ", ");
  return "[" + out + "]";
}

std::string equation_part(const pugi::xml_node& node) {
  const auto name = local_name(node);
  if (name == "t")
    return node.text().get();
  if (name == "f")
    return fraction(node);
  if (name == "rad")
    return root(node);
  if (name == "sSup")
    return grouped(part_of(node, "e")) + "^" + grouped(part_of(node, "sup"));
  if (name == "sSub")
    return grouped(part_of(node, "e")) + "_" + grouped(part_of(node, "sub"));
  if (name == "sSubSup")
    return grouped(part_of(node, "e")) + "_" + grouped(part_of(node, "sub")) + "^" +
           grouped(part_of(node, "sup"));
  if (name == "sPre")
    return "{}_" + grouped(part_of(node, "sub")) + "^" + grouped(part_of(node, "sup")) +
           part_of(node, "e");
  if (name == "d") {
    const auto properties = child(node, "dPr");
    return character(properties, "begChr", "(") +
           joined(node, "e", character(properties, "sepChr", "|")) +
           character(properties, "endChr", ")");
  }
  if (name == "nary")
    return operator_with_limits(node);
  if (name == "func")
    return part_of(node, "fName") + "(" + part_of(node, "e") + ")";
  if (name == "limLow")
    return part_of(node, "e") + "_(" + part_of(node, "lim") + ")";
  if (name == "limUpp")
    return part_of(node, "e") + "^(" + part_of(node, "lim") + ")";
  if (name == "acc")
    return grouped(part_of(node, "e")) + character(child(node, "accPr"), "chr", "\u0302");
  if (name == "bar")
    return "bar(" + part_of(node, "e") + ")";
  if (name == "m")
    return matrix(node);
  if (name == "eqArr")
    return joined(node, "e", "; ");
  if (name == "br")
    return " ";
  if (name.ends_with("Pr") || name == "delText" || name == "instrText" || name == "del" ||
      name == "moveFrom")
    return {};
  return inside_of(node);
}

} // namespace

std::string linear_equation(const pugi::xml_node& math) { return inside_of(math); }

} // namespace penstock::io
