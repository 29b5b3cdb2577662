#include "core/io/document/docx_text.hpp"

#include <zip.h>

#include <pugixml.hpp>

#include <algorithm>
#include <memory>
#include <string_view>

namespace penstock::io {

namespace {

constexpr const char* main_part = "word/document.xml";

error refused(std::string what) { return {errc::invalid_input, std::move(what)}; }

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

std::string_view value_of(const pugi::xml_node& node) {
  for (auto attribute : node.attributes()) {
    const std::string_view name = attribute.name();
    if (name == "val" || name.ends_with(":val"))
      return attribute.value();
  }
  return {};
}

/// Walks the main part and writes its words.
class word_writer {
public:
  explicit word_writer(uint64_t text_max) : text_max_{text_max} {}

  std::string text;

  /// @returns false once there are too many words.
  bool block(const pugi::xml_node& node, size_t depth = 0) {
    const auto name = local_name(node);
    if (depth > depth_max || is_skipped(name))
      return true;
    if (name == "p") {
      paragraph(node, depth);
    } else if (name == "tbl") {
      table(node, depth);
    } else {
      for (auto inner : node)
        if (!block(inner, depth + 1))
          return false;
    }
    return text.size() <= text_max_;
  }

private:
  static constexpr size_t depth_max = 200;

  /// Properties, deleted words, field codes, and the second form of what stands there already.
  static bool is_skipped(std::string_view name) {
    for (std::string_view skipped : {"pPr", "rPr", "tblPr", "tcPr", "trPr", "sectPr", "del",
                                     "moveFrom", "instrText", "Fallback"})
      if (name == skipped)
        return true;
    return false;
  }

  void words(const pugi::xml_node& node, std::string& out, size_t depth) {
    const auto name = local_name(node);
    if (depth > depth_max || is_skipped(name) || out.size() > text_max_)
      return;
    if (name == "t")
      out += node.text().get();
    else if (name == "tab")
      out += '\t';
    else if (name == "br" || name == "cr")
      out += '\n';
    else if (name == "noBreakHyphen")
      out += '-';
    else
      for (auto inner : node) {
        words(inner, out, depth + 1);
        if (local_name(inner) == "p") // A text box inside of a paragraph.
          out += ' ';
      }
  }

  void paragraph(const pugi::xml_node& node, size_t depth) {
    std::string line;
    words(node, line, depth);
    const auto begin = line.find_first_not_of(" \t\n");
    if (begin == std::string::npos)
      return;
    const auto properties = child(node, "pPr");
    const auto style = value_of(child(properties, "pStyle"));
    if (style.starts_with("Heading") && style.size() == 8 && style[7] >= '1' && style[7] <= '6')
      text.append(static_cast<size_t>(style[7] - '0'), '#').append(" ");
    else if (style == "Title")
      text += "# ";
    else if (child(properties, "numPr"))
      text += "- ";
    text.append(line, begin).append("\n\n");
  }

  void table(const pugi::xml_node& node, size_t depth) {
    for (auto row : node) {
      if (local_name(row) != "tr")
        continue;
      std::string line;
      for (auto cell : row) {
        if (local_name(cell) != "tc")
          continue;
        std::string inside;
        words(cell, inside, depth);
        std::ranges::replace(inside, '\n', ' ');
        while (inside.ends_with(' '))
          inside.pop_back();
        line += (line.empty() ? "| " : " | ") + inside;
      }
      if (!line.empty())
        text += line + " |\n";
      if (text.size() > text_max_)
        return;
    }
    text += '\n';
  }

  uint64_t text_max_;
};

struct zip_closer {
  void operator()(zip_t* z) const { zip_discard(z); }
};
struct entry_closer {
  void operator()(zip_file_t* f) const { zip_fclose(f); }
};

/// The bytes of the main part, whatever the archive says about its size.
result<std::string> unpack(const std::string& bytes, uint64_t unpacked_max) {
  const std::string damaged =
    "is a damaged DOCX (zip) file; open it in a word processor and save it anew";
  zip_error_t fault;
  zip_error_init(&fault);
  auto* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &fault);
  if (!source)
    return refused(damaged);
  std::unique_ptr<zip_t, zip_closer> archive{zip_open_from_source(source, ZIP_RDONLY, &fault)};
  zip_error_fini(&fault);
  if (!archive) {
    zip_source_free(source);
    return refused(damaged);
  }
  if (zip_name_locate(archive.get(), main_part, 0) < 0)
    return refused("is a zip archive but no DOCX document; give DOCX, PDF, text or an image");
  zip_stat_t about;
  if (zip_stat(archive.get(), main_part, 0, &about) == 0 &&
      (about.valid & ZIP_STAT_ENCRYPTION_METHOD) && about.encryption_method != ZIP_EM_NONE)
    return refused("is encrypted; save it without a password");
  std::unique_ptr<zip_file_t, entry_closer> entry{zip_fopen(archive.get(), main_part, 0)};
  if (!entry)
    return refused(damaged);
  std::string out;
  constexpr size_t block = 64u << 10;
  for (;;) {
    const auto kept = out.size();
    out.resize(kept + block);
    const auto n = zip_fread(entry.get(), out.data() + kept, block);
    if (n < 0)
      return refused(damaged);
    out.resize(kept + static_cast<size_t>(n));
    if (n == 0)
      return out;
    if (out.size() > unpacked_max)
      return refused("unpacks to more than " + std::to_string(unpacked_max >> 20) +
                     " MiB; split the document");
  }
}

} // namespace

result<std::string> docx_text(const std::string& bytes, uint64_t text_max) {
  constexpr uint64_t markup = 8; // What XML adds to words.
  auto part = unpack(bytes, markup * text_max);
  if (!part)
    return part.error();
  pugi::xml_document xml;
  const auto parsed = xml.load_buffer_inplace(
    part->data(), part->size(), pugi::parse_default | pugi::parse_ws_pcdata, pugi::encoding_auto);
  if (!parsed)
    return refused(std::string{"is a damaged DOCX file ("} + parsed.description() +
                   "); open it in a word processor and save it anew");
  word_writer writer{text_max};
  if (!writer.block(xml))
    return refused("holds more than " + std::to_string(text_max) +
                   " bytes of words; split the document");
  while (writer.text.ends_with('\n'))
    writer.text.pop_back();
  return std::move(writer.text);
}

} // namespace penstock::io
