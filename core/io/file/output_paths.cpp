#include "core/io/file/output_paths.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

namespace penstock::io {

namespace fs = std::filesystem;

namespace {

/// The file that links lead to; it need not exist yet. @returns nullopt if the links form a circle.
std::optional<fs::path> behind_links(fs::path path) {
  constexpr int links_max = 40;
  std::error_code ec;
  for (int i = 0; i < links_max; ++i) {
    if (!fs::is_symlink(fs::symlink_status(path, ec)))
      return path;
    const auto target = fs::read_symlink(path, ec);
    if (ec)
      return path;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return std::nullopt;
}

/// Whether a regular file is a database of SQLite: journals, stores and caches are.
bool is_database(const fs::path& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec))
    return false;
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  char found[magic.size()] = {};
  std::ifstream file{path, std::ios::binary};
  return file.read(found, sizeof found) && std::string_view{found, sizeof found} == magic;
}

/// Whether the name is one that Penstock and SQLite give to files beside others.
bool is_companion(std::string_view name) {
  for (std::string_view end : {".penstock-journal", ".penstock-lock"})
    for (std::string_view more : {"", "-wal", "-shm", "-journal"})
      if (name.ends_with(std::string{end} + std::string{more}))
        return true;
  return false;
}

} // namespace

// Always absolute, because SQLite reads a name such as "file:x" as a URI.
std::string canonical_path(const std::string& path) {
  std::error_code ec;
  const auto absolute = fs::absolute(path, ec);
  const auto real = fs::weakly_canonical(behind_links(absolute).value_or(absolute), ec);
  return ec || real.empty() ? absolute.string() : real.string();
}

std::string journal_path(const std::string& output) { return output + ".penstock-journal"; }
std::string lock_path(const std::string& output) { return output + ".penstock-lock"; }

std::string kept_path(const std::string& output, uint64_t rebuild) {
  return output + ".penstock-kept." + std::to_string(rebuild);
}

std::string next_path(const std::string& output, uint64_t rebuild) {
  return output + ".penstock-next." + std::to_string(rebuild);
}

void remove_rebuild_files(const std::string& output, uint64_t but) {
  const fs::path path{output};
  const auto name = path.filename().string();
  std::error_code ec;
  std::vector<fs::path> gone;
  for (fs::directory_iterator it{path.parent_path(), ec}, end; !ec && it != end; it.increment(ec)) {
    const auto found = it->path().filename().string();
    for (std::string_view kind : {".penstock-kept.", ".penstock-next."})
      if (found.starts_with(name + std::string{kind}) &&
          (but == 0 || found != name + std::string{kind} + std::to_string(but)))
        gone.push_back(it->path());
  }
  for (auto& file : gone)
    fs::remove(file, ec);
}

bool path_exists(const std::string& path) {
  std::error_code ec;
  return fs::exists(fs::symlink_status(path, ec));
}

bool is_stream_path(const std::string& path) {
  std::error_code ec;
  const auto status = fs::status(path, ec);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

uint64_t file_size_or_zero(const std::string& path) {
  std::error_code ec;
  const auto size = fs::file_size(path, ec);
  return ec ? 0 : size;
}

result<void> check_not_kept(const std::string& output, std::span<const kept_file> kept) {
  if (output.empty() || output == "-")
    return {};
  std::error_code ec;
  for (auto& file : kept)
    if (!file.path.empty() && file.path != "-" &&
        (fs::equivalent(file.path, output, ec) ||
         canonical_path(file.path) == canonical_path(output)))
      return error{errc::invalid_config, output + " is " + file.what + ": choose another -o"};
  return {};
}

result<void> check_output_path(const std::string& input, const std::string& output) {
  std::error_code ec;
  const kept_file read{input, "the input"};
  if (auto other = check_not_kept(output, {&read, 1}); !other)
    return other;
  if (is_companion(output) || is_companion(canonical_path(output)))
    return error{errc::invalid_config,
                 output + " is the name of a journal or lock of Penstock: choose another -o"};
  if (is_database(output))
    return error{errc::invalid_config,
                 output + " is a database (a journal, a store or a cache): choose another -o"};
  if (fs::is_directory(output, ec))
    return error{errc::invalid_config, output + " is a directory: choose another -o"};
  const auto target = behind_links(fs::absolute(output, ec));
  if (!target)
    return error{errc::invalid_config,
                 output + " is a link that leads to itself: choose another -o"};
  if (const auto folder = target->parent_path(); !fs::is_directory(folder, ec))
    return error{errc::invalid_config,
                 output + (path_exists(output) ? " is a link into " : ": ") + "the folder " +
                   folder.string() + ", which is not there: " + "make it, or choose another -o"};
  return {};
}

result<void> throw_away_output(const std::string& path) {
  std::error_code ec;
  fs::remove(path, ec);
  if (ec)
    return system_error("cannot remove", path, ec.value());
  remove_rebuild_files(path);
  return remove_journal(journal_path(path));
}

result<void> check_identity(const run_identity& begun, const run_identity& now,
                            const std::string& output) {
  constexpr std::string_view remedy =
    "; choose another -o, or pass --restart, which throws away what it "
    "holds and begins anew";
  if (begun.input_hash.empty() != now.input_hash.empty())
    return error{errc::input_changed, output + " was begun with " +
                                        (begun.input_hash.empty() ? "a pipe" : begun.input_path) +
                                        " as its input, not with " + now.input_path +
                                        std::string{remedy}};
  if (begun.input_hash != now.input_hash)
    return error{errc::input_changed, now.input_path + " is not the input that " + output +
                                        " was begun with (" + begun.input_path +
                                        ", or its content, differs)" + std::string{remedy}};
  if (begun.settings != now.settings)
    return error{errc::input_changed, output + " was begun with other settings (" + begun.settings +
                                        ", now " + now.settings + ")" + std::string{remedy}};
  return {};
}

} // namespace penstock::io
