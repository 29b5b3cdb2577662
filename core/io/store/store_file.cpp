#include "core/io/store/store_file.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/store/response_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace penstock::io {

database_words store_words(const std::string& path) {
  return {"the cache " + path,
          "; penstock cache clear --file " + path +
            " removes it, --cache-file names another, --cache off goes without",
          "; free some space or pass --cache off",
          "; name another with --cache-file, or pass --cache off"};
}

error foreign_store(const std::string& path, std::string_view what) {
  return {errc::invalid_config, path + " is " + std::string{what} +
                                  ", no cache of penstock; name another file with --cache-file"};
}

namespace {

/// Takes the rights of others away from a database that an earlier release or a copy made readable
/// for them, and from its side files. Other files stay as they are: they are refused later.
result<void> make_private(int file, const std::string& path, std::string_view noun) {
  constexpr mode_t others = S_IRWXG | S_IRWXO;
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  struct stat info {};
  char head[magic.size()];
  if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & others) == 0)
    return {};
  const auto size = ::pread(file, head, sizeof head, 0);
  if (size != 0 && (size != sizeof head || std::string_view{head, sizeof head} != magic))
    return {};
  if (::fchmod(file, info.st_mode & S_IRWXU) != 0)
    return error{errc::io_error, std::string{noun} + " " + path +
                                   " can be read by others, and its rights cannot be changed: " +
                                   std::strerror(errno) + "; run chmod 600 on it as its owner"};
  for (auto suffix : {"-wal", "-shm", "-journal"}) {
    const file_descriptor side{
      ::open((path + suffix).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (side.valid() && ::fstat(side.get(), &info) == 0 && S_ISREG(info.st_mode))
      ::fchmod(side.get(), info.st_mode & S_IRWXU);
  }
  return {};
}

} // namespace

result<void> make_private_file(const std::string& path, std::string_view noun,
                               std::string_view remedy) {
  std::error_code ec;
  const auto folder = std::filesystem::path{path}.parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, ec))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
  if (ec)
    return error{errc::io_error, "cannot make the folder of " + std::string{noun} + ", " +
                                   folder.string() + ": " + ec.message() + "; " +
                                   std::string{remedy}};
  const file_descriptor made{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!made.valid())
    return error{errc::io_error, "cannot open " + std::string{noun} + " " + path + ": " +
                                   std::strerror(errno) + "; " + std::string{remedy}};
  return make_private(made.get(), path, noun);
}

result<file_mark> read_mark(const std::string& path, uint32_t ours) {
  constexpr size_t mark_at = 68;
  char head[mark_at + 4];
  const file_descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file.valid())
    return errno == ENOENT ? result<file_mark>{file_mark::none}
                           : system_error("cannot read", path, errno);
  const auto size = ::read(file.get(), head, sizeof head);
  if (size < 0)
    return system_error("cannot read", path, errno);
  uint32_t number = 0;
  for (size_t i = mark_at; i < static_cast<size_t>(size); ++i)
    number = number << 8 | static_cast<unsigned char>(head[i]);
  return size == 0 ? file_mark::none : number == ours ? file_mark::ours : file_mark::foreign;
}

result<void> remove_response_store(const std::string& path) {
  const auto mark = read_mark(path);
  if (!mark)
    return mark.error();
  if (*mark == file_mark::foreign)
    return foreign_store(path, "something else, or damaged beyond recognition");
  for (auto suffix : {"-wal", "-shm", "-journal", ""}) {
    std::error_code ec;
    std::filesystem::remove(path + suffix, ec);
    if (ec)
      return system_error("cannot remove", path + suffix, ec.value());
  }
  return {};
}

} // namespace penstock::io
