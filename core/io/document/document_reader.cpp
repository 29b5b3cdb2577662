#include "core/io/document/document_reader.hpp"
#include "core/io/document/document_place.hpp"
#include "core/io/document/docx_text.hpp"
#include "core/io/document/file_kind.hpp"
#include "core/io/document/odt_text.hpp"
#include "core/io/document/pdf_text.hpp"
#include "core/io/document/rtf_text.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/base/text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace penstock::io {

namespace {

using core::document_kind;

std::string named(std::string_view name, const std::string& what) {
  return "document \"" + core::clean_text(name, 200) + "\" " + what;
}

result<std::string> read_bytes(const std::string& path, uint64_t file_max) {
  // Does not wait: opening a pipe of that name could block for ever.
  file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0) {
    const int why = errno;
    return unreadable(why == ENOENT   ? "is not there"
                      : why == EACCES ? "may not be read; check its permissions"
                                      : std::string{"cannot be opened: "} + std::strerror(why));
  }
  struct stat about {};
  if (::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode))
    return unreadable(S_ISDIR(about.st_mode) ? "is a folder" : "is no regular file");
  if (about.st_size == 0)
    return unreadable("is empty (0 bytes); save or download it again");
  const auto too_large =
    unreadable("is larger than " + std::to_string(file_max >> 20) + " MiB; split or shrink it");
  if (static_cast<uint64_t>(about.st_size) > file_max)
    return too_large;
  std::string bytes;
  char block[64 << 10];
  for (;;) {
    const auto n = ::read(file.get(), block, sizeof block);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return unreadable(std::string{"cannot be read: "} + std::strerror(errno));
    if (n == 0)
      return bytes;
    bytes.append(block, static_cast<size_t>(n));
    if (bytes.size() > file_max)
      return too_large;
  }
}

result<document_words> plain_text(std::string_view bytes, uint64_t text_max) {
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
    return unreadable("is UTF-16 text; convert it: iconv -f utf-16 -t utf-8");
  if (bytes.starts_with("\xef\xbb\xbf"))
    bytes.remove_prefix(3);
  if (bytes.find('\0') != std::string_view::npos ||
      (!core::is_utf8(bytes) && std::ranges::any_of(bytes, [](unsigned char c) {
        return c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
      })))
    return unreadable(
      "is neither PDF, DOCX, ODT, RTF, PNG, JPEG, GIF, WebP nor UTF-8 text; convert "
      "it to one of these");
  if (!core::is_utf8(bytes))
    return unreadable("is text, but not in UTF-8; convert it: iconv -f windows-1252 -t utf-8");
  if (bytes.size() > text_max)
    return too_many_words(text_max);
  return document_words{std::string{bytes}, {}};
}

/// Whether a PDF needs a password: its trailer names an encryption. The name counts only before a
/// reference or a dictionary, because a text may contain the word, too.
bool is_locked(std::string_view pdf) {
  constexpr std::string_view key = "/Encrypt";
  for (auto at = pdf.find(key); at != std::string_view::npos; at = pdf.find(key, at + 1)) {
    auto after = pdf.substr(at + key.size(), 40);
    after.remove_prefix(std::min(after.find_first_not_of(" \r\n\t"), after.size()));
    if (after.starts_with("<<"))
      return true;
    const auto digits = std::min(after.find_first_not_of("0123456789 \r\n"), after.size());
    if (digits >= 3 && after.substr(digits).starts_with('R'))
      return true;
  }
  return false;
}

class file_reader {
public:
  file_reader(std::string path, std::string bytes, const document_options& options)
      : path_{std::move(path)}, bytes_{std::move(bytes)}, options_{options} {}

  /// Reads the document. Its notes and errors do not contain the name of the file.
  result<core::document> read() {
    out_.name = core::clean_text(std::filesystem::path{path_}.filename().string(), 200);
    auto look = look_at(bytes_, out_.name);
    switch (look.kind) {
    case file_kind::foreign: return unreadable(look.refusal);
    case file_kind::image: return as_it_is(document_kind::image, look.media_type);
    case file_kind::pdf: return pdf();
    case file_kind::archive:
      return words(is_open_document(bytes_) ? odt_text(bytes_, word_rules())
                                            : docx_text(bytes_, word_rules()));
    case file_kind::rtf: return words(rtf_text(bytes_, word_rules()));
    case file_kind::text: break;
    }
    return words(plain_text(bytes_, options_.text_max));
  }

private:
  const word_options& word_rules() {
    rules_ = {options_.rules, options_.text_max};
    return rules_;
  }

  core::document as_it_is(document_kind kind, std::string media_type) {
    out_.kind = kind;
    out_.media_type = std::move(media_type);
    out_.data = std::move(bytes_);
    return std::move(out_);
  }

  result<core::document> words(result<document_words> read) {
    if (!read)
      return read.error();
    if (core::trim(read->text).empty()) {
      std::string left_out;
      for (auto& note : read->notes)
        left_out += (left_out.empty() ? ": " : ", ") + note;
      return unreadable("has no words" + left_out);
    }
    out_.media_type = "text/plain";
    out_.data = std::move(read->text);
    out_.notes = std::move(read->notes);
    return std::move(out_);
  }

  result<core::document> pdf() {
    if (!options_.pdf_as_text) {
      if (is_locked(bytes_))
        return unreadable("is encrypted, which providers refuse; save it without a password");
      return as_it_is(document_kind::file, "application/pdf");
    }
    auto read = pdf_text(path_, options_.text_max);
    if (!read)
      return read.error();
    if (read->scanned.empty())
      return words(std::move(read->words));
    const bool all = read->scanned.size() == read->pages;
    const auto pages = (read->scanned.size() == 1 ? "page " : "pages ") + page_list(read->scanned);
    const auto what = all ? "has no words on any of its " + std::to_string(read->pages) + " pages"
                          : "has no words on " + pages + " of " + std::to_string(read->pages);
    if (options_.rules.scanned == core::scanned_mode::send) {
      if (is_locked(bytes_))
        return unreadable(what + " and is encrypted; save it without a password");
      out_.notes.push_back(what + "; it was sent as a PDF file");
      return as_it_is(document_kind::file, "application/pdf");
    }
    return unreadable(what + " (scanned?); make it searchable by OCR, or set scanned = \"send\" in "
                             "the recipe for a provider that reads PDF files");
  }

  std::string path_, bytes_;
  const document_options& options_;
  word_options rules_;
  core::document out_;
};

} // namespace

result<core::document> read_document(const std::string& name, const document_options& options) {
  const auto failed = [&](const error& why) { return error{why.code, named(name, why.context)}; };
  auto path = locate_document(name, options.folder);
  if (!path)
    return failed(path.error());
  auto bytes = read_bytes(*path, options.file_max);
  if (!bytes)
    return failed(bytes.error());
  auto out = file_reader{*path, std::move(*bytes), options}.read();
  if (!out)
    return failed(out.error());
  for (auto& note : out->notes)
    note = "document \"" + core::clean_text(name, 200) + "\": " + note;
  return out;
}

} // namespace penstock::io
