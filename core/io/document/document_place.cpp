#include "core/io/document/document_place.hpp"
#include "core/io/document/composed_letters.hpp"
#include "core/io/document/document_words.hpp"
#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace penstock::io {

namespace {

namespace fs = std::filesystem;

/// Largest number of entries of one folder that are searched.
constexpr size_t entries_max = 20'000;

void decompose(uint32_t c, std::string& out) {
  constexpr uint32_t hangul = 0xac00, hangul_end = 0xd7a4, vowels = 21, tails = 28;
  if (c >= hangul && c < hangul_end) {
    const auto at = c - hangul;
    out += utf8_of(0x1100 + at / (vowels * tails));
    out += utf8_of(0x1161 + at % (vowels * tails) / tails);
    if (at % tails != 0)
      out += utf8_of(0x11a7 + at % tails);
    return;
  }
  const auto end = std::end(composed_letters);
  const auto it = std::find_if(std::begin(composed_letters), end,
                               [&](const composed_letter& l) { return l.letter == c; });
  if (it == end) {
    out += utf8_of(c);
    return;
  }
  decompose(it->base, out);
  out += utf8_of(it->mark);
}

/// The entry of `folder` that differs from `step` only in the form of its accents; empty if there
/// is not exactly one.
std::string same_name(const fs::path& folder, const std::string& step) {
  const auto wanted = decomposed(step);
  std::string found;
  std::error_code ec;
  size_t seen = 0;
  for (fs::directory_iterator it{folder, ec}, end; !ec && it != end && seen < entries_max;
       it.increment(ec), ++seen)
    if (auto name = it->path().filename().string(); decomposed(name) == wanted) {
      if (!found.empty())
        return {};
      found = std::move(name);
    }
  return found;
}

/// The path of `name` below `root` as spelt on disk; empty if a step does not exist.
fs::path spelled_as_on_disk(const fs::path& root, const std::string& name) {
  fs::path at = root;
  for (auto& step : fs::path{name}) {
    std::error_code ec;
    if (step == "." || step == ".." || fs::exists(at / step, ec)) {
      at /= step;
      continue;
    }
    const auto same = same_name(at, step.string());
    if (same.empty())
      return {};
    at /= same;
  }
  return at;
}

/// " (did you mean X?)": the nearest name in the folder of `path`.
std::string hint(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code ec;
  for (fs::directory_iterator it{path.parent_path(), ec}, end;
       !ec && it != end && names.size() < 1000; it.increment(ec))
    names.push_back(core::clean_text(it->path().filename().string(), 100));
  return core::did_you_mean(core::nearest(path.filename().string(), names));
}

} // namespace

std::string decomposed(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto size = core::utf8_length(text, i);
    const auto first = static_cast<uint8_t>(text[i]);
    if (size < 2) {
      out += text[i++];
      continue;
    }
    uint32_t c = first & (0xffu >> (size + 1));
    for (size_t k = 1; k < size; ++k)
      c = c << 6 | (static_cast<uint8_t>(text[i + k]) & 0x3fu);
    decompose(c, out);
    i += size;
  }
  return out;
}

result<std::string> locate_document(const std::string& name, const std::string& folder) {
  if (name.empty() || name.find('\0') != std::string::npos)
    return unreadable("is no file name");
  std::error_code ec;
  const auto root = fs::canonical(folder.empty() ? "." : folder, ec);
  if (ec)
    return unreadable("cannot be looked for: there is no folder \"" +
                      core::clean_text(folder, 200) + '"');
  fs::path path = root / name;
  if (!fs::exists(fs::symlink_status(path, ec))) {
    auto other = name;
    std::ranges::replace(other, '\\', '/');
    // First look for the name as written. A path with a drive letter is never below the root.
    for (auto& spelled : {name, other})
      if (auto found = spelled_as_on_disk(root, spelled); !found.empty()) {
        path = found;
        break;
      }
  }
  path = fs::weakly_canonical(path, ec);
  if (ec)
    return unreadable("is not there: " + ec.message());
  const auto inside = path.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..")
    return unreadable("is outside of the documents' folder; rows may not send other files. Put it "
                      "there, or set documents_folder");
  if (!fs::exists(path, ec))
    return unreadable("is not there" + hint(path));
  return path.string();
}

} // namespace penstock::io
