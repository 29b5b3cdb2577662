#include "core/io/document/odt_text.hpp"
#include "core/io/document/odt_words.hpp"
#include "core/io/document/zip_archive.hpp"
#include "core/base/text.hpp"

#include <map>
#include <memory>
#include <set>

namespace penstock::io {

namespace {

constexpr std::string_view odf_type = "application/vnd.oasis.opendocument.";

struct odt_part {
  std::string bytes; ///< The tree points into them.
  pugi::xml_document xml;
};

result<std::unique_ptr<odt_part>> read_part(zip_archive& archive, const std::string& name) {
  auto bytes = archive.read(name);
  if (!bytes)
    return bytes.error();
  auto out = std::make_unique<odt_part>();
  out->bytes = std::move(*bytes);
  if (auto parsed = parse_xml(out->xml, out->bytes, "ODT"); !parsed)
    return parsed.error();
  return out;
}

/// The type that the archive declares; empty: none.
std::string type_of(zip_archive& archive) {
  if (!archive.has("mimetype"))
    return {};
  auto read = archive.read("mimetype");
  return read ? std::string{core::trim(*read)} : std::string{};
}

error foreign_type(const std::string& type) {
  const auto what = std::string_view{type}.substr(odf_type.size());
  if (what.starts_with("spreadsheet"))
    return unreadable("is an OpenDocument spreadsheet; save it as PDF, or the sheet as CSV");
  if (what.starts_with("presentation"))
    return unreadable("is an OpenDocument presentation; export it as PDF");
  return unreadable("is an OpenDocument file of type \"" + core::clean_text(what, 40) +
                    "\"; export it as PDF");
}

bool is_encrypted(zip_archive& archive) {
  if (!archive.has("META-INF/manifest.xml"))
    return false;
  auto manifest = archive.read("META-INF/manifest.xml");
  return manifest && manifest->find("encryption-data") != std::string::npos;
}

/// A formula in the language of LibreOffice, on one line: "x^2 + {a} over {b}".
std::string formula_text(zip_archive& archive, std::string href) {
  if (href.starts_with("./"))
    href.erase(0, 2);
  const auto name = href + "/content.xml";
  if (!archive.has(name))
    return {};
  auto part = read_part(archive, name);
  if (!part || local_name((*part)->xml.document_element()) != "math")
    return {};
  if (auto words = find_inside((*part)->xml, "annotation"))
    return std::string{core::trim(words.text().get())};
  return {};
}

} // namespace

bool is_open_document(const std::string& bytes) {
  constexpr uint64_t manifest_max = 1u << 20;
  auto archive = zip_archive::open(bytes, manifest_max);
  return archive && type_of(*archive).starts_with(odf_type);
}

result<document_words> odt_text(const std::string& bytes, const word_options& options) {
  constexpr uint64_t markup = 8; // Bytes of XML per byte of text.
  auto archive = zip_archive::open(bytes, markup * options.text_max);
  if (!archive)
    return archive.error();
  if (const auto type = type_of(*archive);
      !std::string_view{type}.substr(odf_type.size()).starts_with("text"))
    return foreign_type(type);
  if (is_encrypted(*archive))
    return unreadable("is encrypted; save it without a password");
  auto content = read_part(*archive, "content.xml");
  if (!content)
    return content.error();
  std::unique_ptr<odt_part> styles;
  if (archive->has("styles.xml")) {
    auto read = read_part(*archive, "styles.xml");
    if (!read)
      return read.error();
    styles = std::move(*read);
  }
  document_notes notes;
  odt_words writer{options, notes,
                   [&](const std::string& href) { return formula_text(*archive, href); }};
  if (styles)
    writer.learn(styles->xml.document_element());
  const auto root = (*content)->xml.document_element();
  writer.learn(root);
  const auto body = writer.blocks(child(child(root, "body"), "text"));

  document_words out;
  const auto add = [&](std::string_view before, const std::string& text, std::string_view gap) {
    if (!core::trim(text).empty())
      out.text.append(out.text.empty() ? "" : gap).append(before).append(text);
  };
  std::set<std::string> seen;
  const auto margins = [&](std::string_view what) {
    if (!styles)
      return;
    for (auto page : child(styles->xml.document_element(), "master-styles"))
      for (auto node : page) {
        const auto name = local_name(node);
        if (name != what && name != std::string{what} + "-left" &&
            name != std::string{what} + "-first")
          continue;
        if (attribute(node, "display") == "false")
          continue;
        const auto text = writer.blocks(node);
        if (seen.insert(text).second)
          add("[" + std::string{what} + "] ", text, "\n\n");
      }
  };
  margins("header");
  add("", body, "\n\n");
  for (size_t i = 0; i < writer.footnotes.size(); ++i)
    add("[^" + std::to_string(i + 1) + "]: ", writer.footnotes[i], i == 0 ? "\n\n" : "\n");
  for (size_t i = 0; i < writer.endnotes.size(); ++i)
    add("[^e" + std::to_string(i + 1) + "]: ", writer.endnotes[i], i == 0 ? "\n\n" : "\n");
  margins("footer");
  if (writer.is_too_long() || out.text.size() > options.text_max)
    return too_many_words(options.text_max);
  out.notes = notes.sentences();
  return out;
}

} // namespace penstock::io
