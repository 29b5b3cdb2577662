#include "core/io/file/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace penstock::io {

namespace {

error taken(int fd, const std::string& path, std::string_view remedy) {
  char text[32];
  const auto n = ::pread(fd, text, sizeof text, 0);
  std::string_view holder{text, n > 0 ? static_cast<size_t>(n) : 0};
  holder = holder.substr(0, holder.find('\n'));
  const auto name =
    holder.empty() ? std::string{"another process"} : "process " + std::string{holder};
  return {errc::locked, path + " is held by " + name + ", " + std::string{remedy}};
}

// Whether `path` is still the file behind `fd`. A holder that ends removes the file.
bool same_file(int fd, const std::string& path) {
  struct stat open_file {};
  struct stat named {};
  return ::fstat(fd, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

} // namespace

result<file_lock> file_lock::acquire(const std::string& path, std::string_view remedy) {
  for (;;) {
    file_descriptor fd{::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!fd.valid() && errno == ELOOP)
      return link_refused(path);
    if (!fd.valid())
      return system_error("cannot create", path, errno);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR)
        continue;
      if (errno == EWOULDBLOCK)
        return taken(fd.get(), path, remedy);
      return system_error("cannot lock", path, errno);
    }
    if (!same_file(fd.get(), path))
      continue; // The last holder removed the file in between.
    const auto holder = std::to_string(::getpid()) + "\n";
    // A full disk must not prevent a run: the lock works without the text, too.
    if (::ftruncate(fd.get(), 0) == 0 && ::pwrite(fd.get(), holder.data(), holder.size(), 0) < 0)
      errno = 0;
    return file_lock{std::move(fd), path};
  }
}

file_lock::~file_lock() {
  // Remove the file before the lock is freed. A process that opened it before notices that the name
  // is gone, and tries again.
  if (fd_.valid())
    ::unlink(path_.c_str());
}

} // namespace penstock::io
