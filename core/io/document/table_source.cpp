#include "core/io/document/table_source.hpp"
#include "core/io/document/xlsx_table.hpp"
#include "core/io/file/byte_source.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/jsonl/input_kind.hpp"
#include "core/recipe/table_text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace penstock::io {

namespace {

constexpr size_t table_block = 1 << 20;

/// Result of a first look at a file.
struct first_look {
  core::text_encoding encoding = core::text_encoding::utf8;
  bool marked = false;
  bool old_line_ends = false;
  std::string start; ///< The first bytes.
};

result<first_look> look_at(const std::string& path, bool quotes) {
  auto source = open_byte_source(path);
  if (!source)
    return source.error();
  first_look found;
  core::text_look look{quotes};
  std::string buffer(table_block, '\0'), text;
  std::unique_ptr<core::text_decoder> decoder;
  for (bool first = true;; first = false) {
    size_t size = 0;
    for (;;) { // A read may return very few bytes, which are not enough.
      auto n = (*source)->read(buffer.data() + size, buffer.size() - size);
      if (!n)
        return n.error();
      size += *n;
      if (*n == 0 || !first || size >= 4096)
        break;
    }
    if (size == 0)
      break;
    const std::string_view bytes{buffer.data(), size};
    if (first) {
      found.start = bytes.substr(0, 4096);
      found.encoding = core::encoding_of_start(bytes);
      found.marked = bytes.starts_with("\xef\xbb\xbf") || bytes.starts_with("\xff\xfe") ||
                     bytes.starts_with("\xfe\xff");
      decoder = std::make_unique<core::text_decoder>(found.encoding);
      if (bytes.starts_with("PK\x03\x04"))
        return found;
    }
    if (found.encoding == core::text_encoding::utf8) {
      look.add(bytes);
      continue;
    }
    text.clear();
    decoder->decode(bytes, text);
    look.add(text);
  }
  found.old_line_ends = look.has_old_line_ends();
  if (found.encoding == core::text_encoding::utf8 && look.is_windows_1252())
    found.encoding = core::text_encoding::windows_1252;
  return found;
}

result<void> convert(const std::string& from, const std::string& to, const first_look& look,
                     bool quotes) {
  auto source = open_byte_source(from);
  if (!source)
    return source.error();
  file_descriptor file{::open(to.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file.valid())
    return system_error("cannot write", to, errno);
  core::text_decoder decoder{look.encoding};
  core::line_end_mender mender{quotes};
  std::string buffer(table_block, '\0'), text;
  for (bool more = true; more;) {
    auto n = (*source)->read(buffer.data(), buffer.size());
    if (!n)
      return n.error();
    more = *n > 0;
    text.clear();
    decoder.decode({buffer.data(), *n}, text);
    if (!more)
      decoder.finish(text);
    if (look.old_line_ends)
      mender.mend(text);
    if (auto written = append_to_copy(file.get(), to, text.data(), text.size()); !written)
      return written;
  }
  return {};
}

} // namespace

result<std::string> make_copy_file() {
  std::error_code ec;
  const auto folder = std::filesystem::temp_directory_path(ec);
  auto path = ((ec ? std::filesystem::path{"/tmp"} : folder) / "penstock-input-XXXXXX").string();
  const file_descriptor made{::mkstemp(path.data())};
  if (!made.valid())
    return system_error("cannot create", path, errno);
  return path;
}

result<void> append_to_copy(int to, const std::string& path, const char* bytes, size_t size) {
  while (size > 0) {
    const auto n = ::write(to, bytes, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return system_error("cannot write", path, errno);
    bytes += n;
    size -= static_cast<size_t>(n);
  }
  return {};
}

result<table_source> open_table(const std::string& path, const table_source_options& options) {
  auto look = look_at(path, options.quotes);
  if (!look)
    return error{errc::invalid_input, look.error().context};
  table_source source;
  source.path = path;
  source.marked = look->marked;
  source.workbook = look->start.starts_with("PK\x03\x04");
  if (!source.workbook)
    if (auto what = core::binary_kind(look->start); !what.empty())
      return error{errc::invalid_input, options.name + " " + what};
  const bool same =
    !source.workbook && look->encoding == core::text_encoding::utf8 && !look->old_line_ends;
  if (same)
    return source;
  auto copy = make_copy_file();
  if (!copy)
    return copy.error();
  source.path = *copy;
  source.copied = true;
  result<void> made;
  if (source.workbook) {
    auto notes = copy_workbook(path, *copy, options.sheet);
    if (notes)
      for (auto& note : *notes)
        source.notes.push_back(options.name + ": " + note);
    else
      made = error{notes.error().code, options.name + " " + notes.error().context};
  } else {
    made = convert(path, *copy, *look, options.quotes);
    if (look->encoding != core::text_encoding::utf8)
      source.notes.push_back(options.name + " is " + std::string{to_string(look->encoding)} +
                             "; it is read as such");
  }
  if (made)
    return source;
  ::unlink(copy->c_str());
  return made.error();
}

} // namespace penstock::io
