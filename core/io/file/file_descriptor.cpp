#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace penstock::io {

file_descriptor::~file_descriptor() {
  if (fd_ >= 0 && owned_)
    ::close(fd_);
}

error system_error(std::string_view doing, const std::string& path, int number) {
  auto text = std::string{doing} + " " + path + ": " + std::generic_category().message(number);
  switch (number) {
  case ENOSPC:
    return {errc::disk_full, text + "; free some space and start the same command again"};
  case EDQUOT:
    return {errc::disk_full, text + "; free some of the quota and start the same command again"};
  case EFBIG:
    return {errc::disk_full, text + "; raise the file size limit (ulimit -f) and start the same "
                                    "command again"};
  default: return {errc::io_error, std::move(text)};
  }
}

result<void> sync_directory_of(const std::string& path) {
  auto parent = std::filesystem::path{path}.parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  file_descriptor fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (fd.valid() && ::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    return system_error("cannot sync", directory, errno);
  return {};
}

error link_refused(const std::string& path) {
  return {errc::io_error, path + " is a symbolic link, which Penstock does not follow here: remove "
                                 "the link and start the same command again"};
}

result<void> refuse_link(const std::string& path) {
  std::error_code ec;
  if (std::filesystem::is_symlink(std::filesystem::symlink_status(path, ec)))
    return link_refused(path);
  return {};
}

} // namespace penstock::io
