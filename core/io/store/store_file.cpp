#include "core/io/store/store_file.hpp"
#include "core/io/file/file_descriptor.hpp"
#include "core/io/store/response_store.hpp"

#include <fcntl.h>
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
  return {};
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
