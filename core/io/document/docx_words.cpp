#include "core/io/document/docx_words.hpp"
#include "core/io/document/docx_math.hpp"
#include "core/io/document/docx_symbols.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <cstdlib>

namespace penstock::io {

namespace {

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

pugi::xml_node check_box_of(const pugi::xml_node& control) {
  return child(child(control, "sdtPr"), "checkbox");
}

std::string box_text(bool checked) { return checked ? "[x]" : "[ ]"; }

/// On one line, for a cell.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c == '\n' || c == '\t' || c == ' ') {
      if (!out.empty() && out.back() != ' ')
        out += ' ';
    } else {
      out += c;
    }
  while (out.ends_with(' '))
    out.pop_back();
  return out;
}

} // namespace

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
  else if (name == "r" || name == "t") // Not where they belong, but words.
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
  std::replace(fields_.begin(), fields_.end(), true, false); // A code does not span paragraphs.
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

// --- words inside of a paragraph ---

bool docx_words::is_in_code() const noexcept {
  return std::ranges::find(fields_, true) != fields_.end();
}

void docx_words::words_of(const pugi::xml_node& node, std::string& out) {
  for (auto inner : node)
    words(inner, out);
}

void docx_words::words(const pugi::xml_node& node, std::string& out) {
  if (out.size() > options_.text_max)
    too_long_ = true;
  const auto name = local_name(node);
  if (too_long_)
    return;
  if (name == "instrText")
    field_code(node, out);
  else if (has_no_words(name))
    return;
  else if (name == "r")
    run(node, out);
  else if (name == "ins" || name == "moveTo")
    change(node, out, true, true);
  else if (name == "del" || name == "moveFrom")
    change(node, out, false, true);
  else if (name == "oMath" || name == "oMathPara")
    out += linear_equation(node);
  else if (name == "AlternateContent")
    words_of(shown_form(node), out);
  else if (name == "txbxContent")
    boxes_.push_back(node);
  else if (name == "drawing" || name == "pict" || name == "object")
    object(node, out);
  else if (name == "sdt" && check_box_of(node))
    out += box_text(is_on(child(check_box_of(node), "checked")));
  else if (name == "p" || name == "tbl") { // Blocks inside of a paragraph: not by the rules.
    std::string inside;
    block(node, inside);
    out += on_one_line(inside) + ' ';
  } else if (name == "rt") {
    std::string reading;
    words_of(node, reading);
    out += "(" + reading + ")";
  } else
    words_of(node, out);
}

bool docx_words::is_hidden(const pugi::xml_node& properties) const {
  if (auto own = child(properties, "vanish"))
    return is_on(own);
  if (auto style = child(properties, "rStyle")) {
    const auto known = about_.styles.resolve(attribute(style, "val"));
    if (known.hidden >= 0)
      return known.hidden == 1;
  }
  return style_hidden_;
}

void docx_words::run(const pugi::xml_node& node, std::string& out) {
  const auto properties = child(node, "rPr");
  const auto outer_font = std::exchange(font_, attribute(child(properties, "rFonts"), "ascii"));
  std::string inside;
  for (auto inner : node) {
    const auto name = local_name(inner);
    if (name == "t" || name == "delText") {
      if (is_in_code())
        continue;
      if (is_symbol_font(font_)) {
        for (std::string_view rest = inner.text().get(); !rest.empty();) {
          const auto size = std::max<size_t>(core::utf8_length(rest, 0), 1);
          // Private characters take three bytes: U+F020 to U+F0FF.
          const bool own = size == 3 && rest[0] == '\xef' && static_cast<uint8_t>(rest[1]) <= 0x83;
          const auto code =
            own         ? (static_cast<uint32_t>(rest[1] & 0x3f) << 6 | (rest[2] & 0x3fu)) + 0xf000u
            : size == 1 ? static_cast<uint8_t>(rest[0])
                        : 0;
          const auto known = code ? symbol_text(font_, code) : std::string{};
          inside += known.empty() ? std::string{rest.substr(0, size)} : known;
          rest.remove_prefix(size);
        }
      } else {
        inside += inner.text().get();
      }
    } else if (name == "tab" || name == "ptab") {
      inside += '\t';
    } else if (name == "br" || name == "cr") {
      inside += '\n';
    } else if (name == "noBreakHyphen") {
      inside += '-';
    } else if (name == "sym") {
      symbol(inner, inside);
    } else if (name == "fldChar") {
      field_mark(inner, inside);
    } else if (name == "footnoteReference") {
      reference(inner, inside, footnotes, "");
    } else if (name == "endnoteReference") {
      reference(inner, inside, endnotes, "e");
    } else if (name == "commentReference") {
      comment(inner, inside);
    } else {
      words(inner, inside);
    }
  }
  font_ = outer_font;
  if (is_hidden(properties)) {
    notes_.add("character of hidden text was left out", "characters of hidden text were left out",
               visible_characters(inside));
    return;
  }
  const auto size = child(properties, "sz");
  const auto color = core::to_lower(attribute(child(properties, "color"), "val"));
  if (color == "ffffff" || (size && std::atoi(std::string{attribute(size, "val")}.c_str()) <= 4))
    notes_.add("character of white or tiny text was sent; see whether a reader would notice it",
               "characters of white or tiny text were sent; see whether a reader would notice them",
               visible_characters(inside));
  const auto align = attribute(child(properties, "vertAlign"), "val");
  const auto bare = core::trim(inside);
  if ((align == "superscript" || align == "subscript") && !bare.empty() && bare[0] != '[' &&
      bare != "st" && bare != "nd" && bare != "rd" && bare != "th")
    out += (align == "superscript" ? "^" : "_") +
           (bare.size() > 1 && bare.find_first_of("+-/*= ") != std::string_view::npos
              ? "(" + inside + ")"
              : inside);
  else
    out += inside;
}

void docx_words::change(const pugi::xml_node& node, std::string& out, bool insertion,
                        bool in_line) {
  const auto mode = options_.rules.changes;
  const bool kept = mode == change_mode::show || (mode == change_mode::accept) == insertion;
  std::string inside;
  if (in_line)
    words_of(node, inside);
  else
    blocks_of(node, inside);
  if (core::trim(inside).empty()) {
    out += kept ? inside : std::string{};
  } else if (!kept) {
    notes_.add("tracked change was left out", "tracked changes were left out");
  } else if (mode == change_mode::show && in_line) {
    out += (insertion ? "[inserted: " : "[deleted: ") + inside + "]";
  } else {
    out += inside;
  }
}

void docx_words::symbol(const pugi::xml_node& node, std::string& out) {
  const auto code = std::strtoul(std::string{attribute(node, "char")}.c_str(), nullptr, 16);
  const auto known =
    code <= 0x10ffff ? symbol_text(attribute(node, "font"), static_cast<uint32_t>(code)) : "";
  out += known.empty() ? "[symbol]" : known;
  if (known.empty())
    notes_.add("symbol of an unknown font was left out", "symbols of unknown fonts were left out");
}

void docx_words::field_mark(const pugi::xml_node& node, std::string& out) {
  const auto type = attribute(node, "fldCharType");
  if (type == "begin") {
    fields_.push_back(true);
    const auto form = child(node, "ffData");
    if (auto box = child(form, "checkBox")) {
      const auto checked = child(box, "checked");
      out += box_text(is_on(checked ? checked : child(box, "default")));
    } else if (auto list = child(form, "ddList")) {
      const auto chosen = std::atoi(std::string{attribute(child(list, "result"), "val")}.c_str());
      int place = 0;
      for (auto entry : list)
        if (local_name(entry) == "listEntry" && place++ == chosen)
          out += attribute(entry, "val");
    }
  } else if (type == "separate" && !fields_.empty()) {
    fields_.back() = false;
  } else if (type == "end" && !fields_.empty()) {
    fields_.pop_back();
  }
}

/// The code of a field is no text, but equations of old documents are such codes.
void docx_words::field_code(const pugi::xml_node& node, std::string& out) {
  const auto code = core::trim(node.text().get());
  if (code.starts_with("EQ ") || code.starts_with("eq "))
    out += "[equation: " + std::string{core::trim(code.substr(3))} + "]";
}

void docx_words::reference(const pugi::xml_node& node, std::string& out,
                           std::vector<std::string>& seen, std::string_view mark) {
  const std::string id{attribute(node, "id")};
  auto it = std::ranges::find(seen, id);
  if (it == seen.end())
    it = seen.insert(seen.end(), id);
  out += "[^" + std::string{mark} + std::to_string(it - seen.begin() + 1) + "]";
}

void docx_words::comment(const pugi::xml_node& node, std::string& out) {
  if (options_.rules.comments == core::comment_mode::omit) {
    notes_.add("comment was left out", "comments were left out");
    return;
  }
  const auto it = about_.comments.find(std::string{attribute(node, "id")});
  if (it != about_.comments.end())
    out += "[comment by " + it->second + "]";
}

void docx_words::object(const pugi::xml_node& node, std::string& out) {
  const auto boxes = boxes_.size();
  const auto before = out.size();
  words_of(node, out);
  if (boxes_.size() > boxes || out.size() > before)
    return;
  if (auto embedded = find_inside(node, "OLEObject")) {
    if (attribute(embedded, "ProgID").starts_with("Equation"))
      notes_.add("equation of the old equation editor was left out",
                 "equations of the old equation editor were left out");
    else
      notes_.add("embedded object was left out", "embedded objects were left out");
  } else if (find_inside(node, "chart")) {
    notes_.add("chart was left out", "charts were left out");
  } else if (find_inside(node, "relIds")) {
    notes_.add("diagram (SmartArt) was left out", "diagrams (SmartArt) were left out");
  } else if (find_inside(node, "pic") || find_inside(node, "imagedata")) {
    notes_.add("picture was left out", "pictures were left out");
  }
}

} // namespace penstock::io
