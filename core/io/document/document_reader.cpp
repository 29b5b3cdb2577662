#include "core/io/document/document_reader.hpp"
#include "core/io/document/docx_text.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/document/pdf_text.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace penstock::io {

namespace {

namespace fs = std::filesystem;
using core::document_kind;

error refused(std::string_view name, const std::string& what) {
  return {errc::invalid_input, "document \"" + core::clean_text(name, 200) + "\" " + what};
}

/// The place of the file, inside of the folder.
result<std::string> locate(const std::string& name, const std::string& folder) {
  if (name.empty() || name.find('\0') != std::string::npos)
    return refused(name, "is no file name");
  std::error_code ec;
  const auto root = fs::canonical(folder.empty() ? "." : folder, ec);
  if (ec)
    return refused(name, "cannot be looked for: there is no folder \"" +
                           core::clean_text(folder, 200) + '"');
  const auto path = fs::weakly_canonical(root / name, ec);
  if (ec)
    return refused(name, "is not there: " + ec.message());
  const auto inside = path.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..")
    return refused(
      name, "is outside of the documents' folder; rows may not send other files. Put it there, or "
            "set documents_folder");
  return path.string();
}

result<std::string> read_bytes(const std::string& name, const std::string& path,
                               uint64_t file_max) {
  // Not waiting: a pipe by that name would never open.
  file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0) {
    const int why = errno;
    return refused(name, why == ENOENT   ? "is not there"
                         : why == EACCES ? "may not be read; check its permissions"
                                         : std::string{"cannot be opened: "} + std::strerror(why));
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return refused(name, S_ISDIR(about.st_mode) ? "is a folder" : "is no regular file");
  if (about.st_size == 0)
    return refused(name, "is empty");
  const auto too_large = [&] {
    return refused(name,
                   "is larger than " + std::to_string(file_max >> 20) + " MiB; split or shrink it");
  };
  if (static_cast<uint64_t>(about.st_size) > file_max)
    return too_large();
  std::string bytes;
  char block[64 << 10];
  for (;;) {
    const auto n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return refused(name, std::string{"cannot be read: "} + std::strerror(errno));
    if (n == 0)
      return bytes;
    bytes.append(block, static_cast<size_t>(n));
    if (bytes.size() > file_max)
      return too_large();
  }
}

std::string_view image_type(std::string_view bytes) {
  using namespace std::string_view_literals;
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

/// Some writers put bytes before the mark; readers look for it in the first kilobyte.
bool is_pdf(std::string_view bytes) {
  return bytes.substr(0, 1024).find("%PDF-") != std::string_view::npos;
}

result<std::string> plain_text(std::string_view bytes, uint64_t text_max) {
  using namespace std::string_view_literals;
  const auto wrong = [](std::string what) { return error{errc::invalid_input, std::move(what)}; };
  if (bytes.starts_with("\xd0\xcf\x11\xe0"sv))
    return wrong("is an old or encrypted Office document; save it as DOCX without a password");
  if (bytes.starts_with("\xff\xfe"sv) || bytes.starts_with("\xfe\xff"sv))
    return wrong("is UTF-16 text; convert it: iconv -f utf-16 -t utf-8");
  if (bytes.starts_with("\xef\xbb\xbf"sv))
    bytes.remove_prefix(3);
  if (bytes.find('\0') != std::string_view::npos || !core::is_utf8(bytes))
    return wrong(
      "is neither PDF, DOCX, PNG, JPEG, GIF, WebP nor UTF-8 text; convert it to one of these");
  if (bytes.size() > text_max)
    return wrong("holds more than " + std::to_string(text_max) +
                 " bytes of words; split the document");
  return std::string{bytes};
}

} // namespace

result<core::document> read_document(const std::string& name, const document_options& options) {
  auto path = locate(name, options.folder);
  if (!path)
    return path.error();
  auto bytes = read_bytes(name, *path, options.file_max);
  if (!bytes)
    return bytes.error();
  core::document out;
  out.name = core::clean_text(fs::path{*path}.filename().string(), 200);
  if (const auto image = image_type(*bytes); !image.empty()) {
    out.kind = document_kind::image;
    out.media_type = image;
    out.data = std::move(*bytes);
    return out;
  }
  const bool pdf = is_pdf(*bytes);
  if (pdf && !options.pdf_as_text) {
    if (bytes->find("/Encrypt") != std::string::npos)
      return refused(name, "is encrypted, which providers refuse; save it without a password");
    out.kind = document_kind::file;
    out.media_type = "application/pdf";
    out.data = std::move(*bytes);
    return out;
  }
  auto text = pdf                                ? pdf_text(*path, options.text_max)
              : bytes->starts_with("PK\x03\x04") ? docx_text(*bytes, options.text_max)
                                                 : plain_text(*bytes, options.text_max);
  if (!text)
    return error{text.error().code, refused(name, text.error().context).context};
  if (core::trim(*text).empty())
    return refused(
      name, pdf
              ? "has no words (scanned pages?); make it searchable by OCR, or set pdf = \"native\" "
                "for a provider that reads PDF files"
              : "has no words");
  out.media_type = "text/plain";
  out.data = std::move(*text);
  return out;
}

} // namespace penstock::io
