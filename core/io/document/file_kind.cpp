#include "core/io/document/file_kind.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::io {

namespace {

using namespace std::string_view_literals;

std::string_view image_type(std::string_view bytes) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv))
    return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv))
    return "image/jpeg";
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv))
    return "image/gif";
  if (bytes.size() >= 12 && bytes.starts_with("RIFF"sv) && bytes.substr(8, 4) == "WEBP"sv)
    return "image/webp";
  return {};
}

/// The name of an entry in an old Office file, as UTF-16.
bool has_entry(std::string_view bytes, std::string_view name) {
  std::string wide;
  for (char c : name) {
    wide += c;
    wide += '\0';
  }
  return bytes.find(wide) != std::string_view::npos;
}

/// The kind of a file of old Office programs, by the streams inside.
std::string ole_refusal(std::string_view bytes) {
  if (has_entry(bytes, "EncryptedPackage") || has_entry(bytes, "EncryptionInfo"))
    return "is an encrypted Office document; save it without a password";
  if (has_entry(bytes, "WordDocument"))
    return "is an old Word document (.doc); save it as DOCX or PDF";
  if (has_entry(bytes, "Workbook") || has_entry(bytes, "Book"))
    return "is an old Excel workbook (.xls); save it as PDF, or the sheet as CSV";
  if (has_entry(bytes, "PowerPoint Document"))
    return "is an old PowerPoint presentation (.ppt); export it as PDF";
  if (has_entry(bytes, "__properties_version1.0"))
    return "is a message of Outlook (.msg); save it as text or PDF";
  return "is an old or encrypted Office document; save it as DOCX without a password";
}

struct signature {
  std::string_view bytes;
  size_t at;
  std::string_view refusal;
};

constexpr signature signatures[]{
  {"ftypheic"sv, 4, "is a HEIC photo; save it as JPEG or PNG"},
  {"ftypheix"sv, 4, "is a HEIC photo; save it as JPEG or PNG"},
  {"ftypmif1"sv, 4, "is a HEIC photo; save it as JPEG or PNG"},
  {"ftypavif"sv, 4, "is an AVIF picture; save it as JPEG or PNG"},
  {"ftyp"sv, 4, "is a film or sound; give the words as text"},
  {"II*\0"sv, 0, "is a TIFF picture; save it as PNG, or as PDF made searchable by OCR"},
  {"MM\0*"sv, 0, "is a TIFF picture; save it as PNG, or as PDF made searchable by OCR"},
  {"%!PS"sv, 0, "is a PostScript file; convert it: ps2pdf"},
  {"\x1f\x8b"sv, 0, "is compressed by gzip; unpack it: gunzip"},
  {"7z\xbc\xaf"sv, 0, "is a 7z archive; unpack it"},
  {"Rar!"sv, 0, "is a RAR archive; unpack it"},
  {"BZh"sv, 0, "is compressed by bzip2; unpack it: bunzip2"},
  {"\xfd"
   "7zXZ"sv,
   0, "is compressed by xz; unpack it: unxz"},
  {"\xffWPC"sv, 0, "is a WordPerfect document; save it as DOCX or PDF"},
  {"PK\x05\x06"sv, 0, "is an empty zip archive; save the document anew"},
  {"PK\x07\x08"sv, 0, "is a zip archive in pieces; save the document anew"},
  {"AT&TFORM"sv, 0, "is a DjVu book; convert it to PDF"},
  {"{\\urtf"sv, 0, "is an RTF file of a kind that nobody reads; save it as DOCX or PDF"},
};

bool begins_nocase(std::string_view text, std::string_view lower) {
  return core::to_lower(text.substr(0, lower.size())) == lower;
}

/// Text that only a word processor or a browser can show.
std::string markup_refusal(std::string_view text) {
  const auto head = text.substr(0, 4096);
  if (head.find("<?mso-application") != std::string_view::npos ||
      head.find("http://schemas.microsoft.com/office/word/2003/wordml") != std::string_view::npos ||
      head.find("http://schemas.microsoft.com/office/2006/xmlPackage") != std::string_view::npos)
    return "is a Word document as XML; save it as DOCX";
  if (head.find("urn:oasis:names:tc:opendocument") != std::string_view::npos)
    return "is a flat OpenDocument file; save it as ODT, DOCX or PDF";
  if (begins_nocase(text, "mime-version:") ||
      head.find("\nMIME-Version:") != std::string_view::npos)
    return "is a web archive (MHTML) or a message; save it as DOCX or PDF";
  return {};
}

bool is_office_name(std::string_view name) {
  const auto lower = core::to_lower(name);
  for (std::string_view end : {".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".rtf", ".pdf",
                               ".pages", ".xls", ".xlsx", ".ppt", ".pptx", ".wps"})
    if (lower.ends_with(end))
      return true;
  return false;
}

file_look refused_kind(std::string_view why) { return {file_kind::foreign, {}, std::string{why}}; }

} // namespace

file_look look_at(std::string_view bytes, std::string_view name) {
  if (const auto image = image_type(bytes); !image.empty())
    return {file_kind::image, std::string{image}, {}};
  // Some programs write bytes before the mark; readers look for it in the first kilobyte. A text
  // that only mentions the mark is not a PDF.
  const auto mark = bytes.substr(0, 1024).find("%PDF-");
  if (mark == 0 ||
      (mark != std::string_view::npos && bytes.find("%%EOF") != std::string_view::npos))
    return {file_kind::pdf, {}, {}};
  if (bytes.starts_with("PK\x03\x04"sv))
    return {file_kind::archive, {}, {}};
  if (bytes.starts_with("\xd0\xcf\x11\xe0"sv))
    return refused_kind(ole_refusal(bytes));
  for (auto& known : signatures)
    if (bytes.size() > known.at && bytes.substr(known.at).starts_with(known.bytes))
      return refused_kind(known.refusal);
  auto text = bytes;
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with("{\\rtf"))
    return {file_kind::rtf, {}, {}};
  if (auto why = markup_refusal(text); !why.empty())
    return refused_kind(why);
  if (!is_office_name(name) || text.empty())
    return {};
  if (core::is_html({}, text))
    return refused_kind(
      "is a web page (HTML), whatever its name says; open it in a browser or word "
      "processor and save it as DOCX or PDF");
  if (core::is_utf8(text) && text.find('\0') == std::string_view::npos)
    return refused_kind("is plain text, whatever its name says: an error page or a failed export? "
                        "Download it again; if it is the document, give it the end .txt");
  return {};
}

} // namespace penstock::io
