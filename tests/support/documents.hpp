#pragma once

#include <zip.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small documents made by hand, for tests of the readers.
namespace penstock::test {

using archive_parts = std::vector<std::pair<std::string, std::string>>;

/// A zip archive in memory. @returns its bytes; empty if libzip cannot make it.
inline std::string zip_of(const archive_parts& parts) {
  zip_error_t fault;
  zip_error_init(&fault);
  auto* target = zip_source_buffer_create(nullptr, 0, 0, &fault);
  auto* archive = zip_open_from_source(target, ZIP_TRUNCATE, &fault);
  if (!archive)
    return {};
  zip_source_keep(target);
  for (auto& [name, bytes] : parts) {
    auto* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8);
  }
  std::string out;
  if (zip_close(archive) == 0 && zip_source_open(target) == 0) {
    zip_source_seek(target, 0, SEEK_END);
    out.resize(static_cast<size_t>(zip_source_tell(target)));
    zip_source_seek(target, 0, SEEK_SET);
    zip_source_read(target, out.data(), out.size());
    zip_source_close(target);
  }
  zip_source_free(target);
  return out;
}

/// The parts of a DOCX file, without its body.
struct docx_plan {
  std::string main = "word/document.xml"; ///< Name of the main part.
  archive_parts relations;                ///< Kind ("footnotes") and target beside the main part.
  archive_parts parts;                    ///< More parts of the archive.
};

/// A DOCX file. @param body The XML inside `w:body`. Relations are called rId1, rId2, ...
inline std::string docx_of(const std::string& body, const docx_plan& plan = {}) {
  const std::string type = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/";
  const std::string begin =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas."
    "openxmlformats.org/package/2006/relationships\">";
  const auto relation = [&](size_t id, const std::string& kind, const std::string& target) {
    return "<Relationship Id=\"rId" + std::to_string(id) + "\" Type=\"" + type + kind +
           "\" Target=\"" + target + "\"/>";
  };
  auto parts = plan.parts;
  parts.emplace_back("_rels/.rels",
                     begin + relation(1, "officeDocument", plan.main) + "</Relationships>");
  parts.emplace_back(plan.main,
                     "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://w\" xmlns:m=\"http://m\" "
                     "xmlns:r=\"http://r\"><w:body>" +
                       body + "</w:body></w:document>");
  std::string relations = begin;
  for (size_t i = 0; i < plan.relations.size(); ++i)
    relations += relation(i + 1, plan.relations[i].first, plan.relations[i].second);
  const auto slash = plan.main.rfind('/') + 1;
  parts.emplace_back(plan.main.substr(0, slash) + "_rels/" + plan.main.substr(slash) + ".rels",
                     relations + "</Relationships>");
  return zip_of(parts);
}

/// A paragraph with one run. @param properties The XML inside `w:rPr`.
inline std::string docx_p(const std::string& text, const std::string& properties = {}) {
  return "<w:p><w:r><w:rPr>" + properties + "</w:rPr><w:t xml:space=\"preserve\">" + text +
         "</w:t></w:r></w:p>";
}

/// An ODT file. @param text The XML inside `office:text`. @param styles The automatic styles.
inline std::string odt_of(const std::string& text, const std::string& styles = {},
                          archive_parts parts = {},
                          const std::string& type = "application/vnd.oasis.opendocument.text") {
  archive_parts all{{"mimetype", type}};
  all.emplace_back("content.xml",
                   "<?xml version=\"1.0\"?><office:document-content xmlns:office=\"o\" "
                   "xmlns:text=\"t\" xmlns:style=\"s\" xmlns:table=\"b\" xmlns:draw=\"d\" "
                   "xmlns:xlink=\"x\" xmlns:dc=\"c\"><office:automatic-styles>" +
                     styles + "</office:automatic-styles><office:body><office:text>" + text +
                     "</office:text></office:body></office:document-content>");
  all.insert(all.end(), parts.begin(), parts.end());
  return zip_of(all);
}

/// Text on a PDF page at a place, in points from the lower left corner.
inline std::string pdf_at(int x, int y, const std::string& words) {
  return "BT /F1 10 Tf " + std::to_string(x) + " " + std::to_string(y) + " Td (" + words +
         ") Tj ET ";
}

/// A PDF with a page for each content stream. Font /F1 is Helvetica, picture /X1 is grey.
/// @param trailer More entries of its trailer.
inline std::string pdf_of(const std::vector<std::string>& streams,
                          const std::string& trailer = {}) {
  std::vector<std::string> objects{"<</Type/Catalog/Pages 2 0 R>>"};
  std::string kids;
  for (size_t i = 0; i < streams.size(); ++i)
    kids += std::to_string(5 + 2 * i) + " 0 R ";
  objects.push_back("<</Type/Pages/Count " + std::to_string(streams.size()) + "/Kids[" + kids +
                    "]>>");
  objects.push_back("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
  objects.push_back("<</Type/XObject/Subtype/Image/Width 4/Height 4/ColorSpace/DeviceGray"
                    "/BitsPerComponent 8/Length 16>>stream\n0123456789abcdef\nendstream");
  for (size_t i = 0; i < streams.size(); ++i) {
    objects.push_back("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 "
                      "R>>/XObject<</X1 4 0 R>>>>/Contents " +
                      std::to_string(6 + 2 * i) + " 0 R>>");
    objects.push_back("<</Length " + std::to_string(streams[i].size()) + ">>stream\n" + streams[i] +
                      "\nendstream");
  }
  std::string out = "%PDF-1.4\n", table;
  for (size_t i = 0; i < objects.size(); ++i) {
    const auto at = std::to_string(out.size());
    table += std::string(10 - at.size(), '0') + at + " 00000 n \n";
    out += std::to_string(i + 1) + " 0 obj" + objects[i] + "endobj\n";
  }
  const auto count = std::to_string(objects.size() + 1);
  return out + "xref\n0 " + count + "\n0000000000 65535 f \n" + table + "trailer<</Size " + count +
         "/Root 1 0 R" + trailer + ">>\nstartxref\n" + std::to_string(out.size()) + "\n%%EOF\n";
}

/// A page that is covered by a picture.
inline const std::string pdf_scan = "q 595 0 0 842 0 0 cm /X1 Do Q ";

/// The beginning of a file of old Office programs with a stream of this name.
inline std::string ole_of(std::string_view stream) {
  std::string out = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(504, '\0');
  for (char c : stream)
    (out += c) += '\0';
  return out + std::string(64, '\0');
}

} // namespace penstock::test
