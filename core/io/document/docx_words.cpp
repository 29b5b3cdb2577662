#include "core/io/document/docx_words.hpp"
#include "core/io/document/docx_math.hpp"
#include "core/io/document/docx_symbols.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace penstock::io {

using core::change_mode;

/// Properties, and elements that hold no words of their own.
bool has_no_words(std::string_view name) {
  for (std::string_view skipped :
       {"pPr", "rPr", "tblPr", "tblGrid", "tcPr", "trPr", "sdtPr", "sdtEndPr", "instrText",
        "delInstrText", "footnoteRef", "endnoteRef", "annotationRef", "separator",
        "continuationSeparator", "fldData"})
    if (name == skipped)
      return true;
  return name.ends_with("Change");
}

/// Of the two forms of a drawing the one that newer programs show.
pugi::xml_node shown_form(const pugi::xml_node& node) {
  const auto choice = child(node, "Choice");
  return choice && choice.first_child() ? choice : child(node, "Fallback");
}

std::string box_text(bool checked) { return checked ? "[x]" : "[ ]"; }

// --- blocks ---

std::string docx_words::blocks(const pugi::xml_node& node) {
  std::string out;
  fields_.clear();
  blocks_of(node, out);
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

void docx_words::blocks_of(const pugi::xml_node& node, std::string& out) {
  for (auto inner : node)
    block(inner, out);
}

void docx_words::block(const pugi::xml_node& node, std::string& out) {
  if (out.size() > options_.text_max)
    too_long_ = true;
  const auto name = local_name(node);
  if (too_long_ || has_no_words(name))
    return;
  if (name == "p")
    paragraph(node, out);
  else if (name == "tbl")
    table(node, out);
  else if (name == "sectPr")
    section(node);
  else if (name == "AlternateContent")
    blocks_of(shown_form(node), out);
  else if (name == "ins" || name == "moveTo")
    change(node, out, true, false);
  else if (name == "del" || name == "moveFrom")
    change(node, out, false, false);
  else if (name == "altChunk")
    notes_.add("embedded file was left out; copy its words into the document",
               "embedded files were left out; copy their words into the document");
  else if (name == "oMathPara" || name == "oMath")
    out += linear_equation(node) + "\n\n";
  else if (name == "r" || name == "t") // In a wrong place, but text.
    words(node, out);
  else
    blocks_of(node, out);
}

void docx_words::paragraph(const pugi::xml_node& node, std::string& out) {
  const auto properties = child(node, "pPr");
  const auto style = about_.styles.resolve(attribute(child(properties, "pStyle"), "val"));
  const auto outer_boxes = std::exchange(boxes_, {});
  const auto outer_hidden = std::exchange(style_hidden_, style.hidden == 1);
  std::string line;
  words_of(node, line);
  std::replace(fields_.begin(), fields_.end(), true, false); // A field code never spans paragraphs.
  const auto mark = label(properties, style);
  if (const auto begin = line.find_first_not_of(" \t\n"); begin != std::string::npos)
    out.append(mark).append(line, begin).append("\n\n");
  style_hidden_ = outer_hidden;
  const auto boxes = std::exchange(boxes_, outer_boxes);
  for (auto& box : boxes)
    blocks_of(box, out);
  if (auto end = child(properties, "sectPr"))
    section(end);
}

std::string docx_words::label(const pugi::xml_node& properties, const docx_style& style) {
  std::string mark;
  if (style.heading >= 0)
    mark.append(static_cast<size_t>(std::clamp(style.heading, 1, 6)), '#').append(" ");
  const auto numbering = child(properties, "numPr");
  std::string id{attribute(child(numbering, "numId"), "val")};
  if (!numbering || (id.empty() && !style.number_id.empty()))
    id = style.number_id;
  if ((!numbering && id.empty()) || id == "0")
    return mark;
  const auto level = child(numbering, "ilvl");
  const auto depth =
    level ? std::atoi(std::string{attribute(level, "val")}.c_str()) : std::max(style.level, 0);
  auto number = about_.numbers.next(id, depth);
  if (style.heading >= 0) {
    number = core::trim(number);
    return number.empty() || number == "-" ? mark : mark + number + " ";
  }
  return number;
}

void docx_words::table(const pugi::xml_node& node, std::string& out) {
  const auto rows_of = [&](const pugi::xml_node& holder, auto&& again) -> void {
    for (auto row : holder) {
      const auto name = local_name(row);
      if (name == "sdt" || name == "sdtContent" || name == "customXml")
        again(row, again);
      if (name != "tr" || too_long_)
        continue;
      const auto properties = child(row, "trPr");
      const bool deleted = static_cast<bool>(child(properties, "del"));
      const bool inserted = static_cast<bool>(child(properties, "ins"));
      if ((deleted && options_.rules.changes == change_mode::accept) ||
          (inserted && options_.rules.changes == change_mode::reject)) {
        notes_.add("tracked change was left out", "tracked changes were left out");
        continue;
      }
      std::string line;
      const auto cells_of = [&](const pugi::xml_node& at, auto&& deeper) -> void {
        for (auto inner : at) {
          const auto what = local_name(inner);
          if (what == "tc")
            line += (line.empty() ? "| " : " | ") + cell(inner);
          else if (what == "sdt" || what == "sdtContent" || what == "customXml")
            deeper(inner, deeper);
        }
      };
      cells_of(row, cells_of);
      if (!line.empty())
        out += line + " |\n";
      too_long_ |= out.size() > options_.text_max;
    }
  };
  rows_of(node, rows_of);
  out += '\n';
}

std::string docx_words::cell(const pugi::xml_node& node) {
  std::string inside;
  blocks_of(node, inside);
  return on_one_line(inside);
}

void docx_words::section(const pugi::xml_node& node) {
  for (auto inner : node) {
    const auto name = local_name(inner);
    auto* seen = name == "headerReference"   ? &headers
                 : name == "footerReference" ? &footers
                                             : nullptr;
    const std::string id{attribute(inner, "id")};
    if (seen && std::ranges::find(*seen, id) == seen->end())
      seen->push_back(id);
  }
}

} // namespace penstock::io
