#include "core/io/document/document_words.hpp"
#include "core/io/document/zip_archive.hpp"

#include <zip.h>

#include <algorithm>

namespace penstock::io {

namespace {

struct zip_entry_closer {
  void operator()(zip_file_t* f) const { zip_fclose(f); }
};

error damaged_zip() {
  return unreadable("is a damaged DOCX or ODT (zip) file; open it in a word processor and save it "
                    "anew, or download it again");
}

} // namespace

void zip_archive::closer::operator()(zip* z) const { zip_discard(z); }

result<zip_archive> zip_archive::open(const std::string& bytes, uint64_t unpacked_max) {
  constexpr zip_int64_t entries_max = 10'000;
  zip_error_t fault;
  zip_error_init(&fault);
  auto* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &fault);
  if (!source) {
    zip_error_fini(&fault);
    return damaged_zip();
  }
  zip_archive made;
  made.archive_.reset(zip_open_from_source(source, ZIP_RDONLY, &fault));
  zip_error_fini(&fault);
  if (!made.archive_) {
    zip_source_free(source);
    return damaged_zip();
  }
  if (zip_get_num_entries(made.archive_.get(), 0) > entries_max)
    return unreadable("is a zip archive of more than " + std::to_string(entries_max) +
                      " entries; save it anew in a word processor");
  made.left_ = made.unpacked_max_ = unpacked_max;
  return made;
}

int64_t zip_archive::find(const std::string& name) const {
  auto at = zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_ENC_GUESS);
  if (at < 0)
    at = zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_ENC_GUESS | ZIP_FL_NOCASE);
  if (at < 0 && name.find('/') != std::string::npos) {
    auto other = name;
    std::ranges::replace(other, '/', '\\');
    at = zip_name_locate(archive_.get(), other.c_str(), ZIP_FL_ENC_GUESS | ZIP_FL_NOCASE);
  }
  return at;
}

bool zip_archive::has(const std::string& name) const { return find(name) >= 0; }

std::vector<std::string> zip_archive::names() const {
  std::vector<std::string> out;
  const auto count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i)
    if (auto name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS)) {
      out.emplace_back(name);
      std::ranges::replace(out.back(), '\\', '/');
    }
  return out;
}

result<std::string> zip_archive::read(const std::string& name) {
  const auto at = find(name);
  if (at < 0)
    return unreadable("has no part \"" + name +
                      "\" inside; open it in a word processor and save it anew");
  const auto index = static_cast<zip_uint64_t>(at);
  zip_stat_t about;
  if (zip_stat_index(archive_.get(), index, 0, &about) == 0 &&
      (about.valid & ZIP_STAT_ENCRYPTION_METHOD) && about.encryption_method != ZIP_EM_NONE)
    return unreadable("is encrypted; save it without a password");
  std::unique_ptr<zip_file_t, zip_entry_closer> entry{zip_fopen_index(archive_.get(), index, 0)};
  if (!entry)
    return damaged_zip();
  std::string out;
  constexpr size_t block = 64u << 10;
  for (;;) {
    const auto kept = out.size();
    out.resize(kept + block);
    const auto n = zip_fread(entry.get(), out.data() + kept, block);
    if (n < 0)
      return damaged_zip();
    out.resize(kept + static_cast<size_t>(n));
    if (n == 0)
      break;
    if (out.size() > left_)
      return unreadable("unpacks to more than " + std::to_string(unpacked_max_ >> 20) +
                        " MiB; split the document");
  }
  left_ -= out.size();
  return out;
}

} // namespace penstock::io
