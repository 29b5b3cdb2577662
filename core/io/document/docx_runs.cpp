#include "core/io/document/docx_words.hpp"
#include "core/io/document/docx_math.hpp"
#include "core/io/document/docx_symbols.hpp"
#include "core/base/text.hpp"
#include <algorithm>
#include <cstdlib>

namespace penstock::io {

using core::change_mode;

namespace {

pugi::xml_node check_box_of(const pugi::xml_node& control) {
  return child(child(control, "sdtPr"), "checkbox");
}

} // namespace

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
  else if (name == "p" || name == "tbl") { // Blocks inside a paragraph are not allowed, but occur.
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

/// The code of a field is not text, except for equations of old documents.
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
