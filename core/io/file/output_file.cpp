#include "core/io/file/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock::io {

output_file::output_file(file_descriptor fd, std::string path, bool regular)
    : fd_{std::move(fd)}, path_{std::move(path)}, regular_{regular} {}

output_file output_file::standard_output() {
  return output_file{file_descriptor{STDOUT_FILENO, false}, "standard output", false};
}

result<output_file> output_file::create(const std::string& path) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
  file_descriptor fd{::open(path.c_str(), flags | O_CREAT | O_EXCL, 0666)};
  if (fd.valid()) {
    if (auto synced = sync_directory_of(path); !synced)
      return synced.error();
    return output_file{std::move(fd), path, true};
  }
  if (errno != EEXIST)
    return system_error("cannot create", path, errno);
  fd = file_descriptor{::open(path.c_str(), flags)};
  struct stat info {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0)
    return system_error("cannot open", path, errno);
  if (S_ISREG(info.st_mode) && info.st_size > 0)
    return error{errc::io_error, path + " exists and is not empty"};
  return output_file{std::move(fd), path, S_ISREG(info.st_mode)};
}

result<output_file> output_file::resume(const std::string& path, uint64_t size,
                                        core::running_checksum sum) {
  file_descriptor fd{::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
  if (!fd.valid())
    return system_error("cannot open", path, errno);
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0)
    return system_error("cannot cut", path, errno);
  output_file file{std::move(fd), path, true};
  file.bytes_ = size;
  file.sum_ = sum;
  return file;
}

void output_file::count(std::string_view lines) noexcept {
  bytes_ += lines.size();
  lines_ += static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  sum_.update(lines);
}

error output_file::fail(std::string_view doing, int number) {
  failure_ = system_error(doing, path_, number);
  return *failure_;
}

// `written` bytes reached the file before the error. Cut the half line at their end.
error output_file::fail_write(std::string_view doing, int number, std::string_view written) {
  const auto last = written.rfind('\n');
  count(written.substr(0, last == std::string_view::npos ? 0 : last + 1));
  if (regular_ && ::ftruncate(fd_.get(), static_cast<off_t>(bytes_)) != 0)
    return fail("cannot take back a half line of", errno);
  return fail(doing, number);
}

result<void> output_file::append(std::string_view lines) {
  if (failure_)
    return *failure_;
  size_t done = 0;
  while (done < lines.size()) {
    const auto n = ::write(fd_.get(), lines.data() + done, lines.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_write("cannot write", errno, lines.substr(0, done));
    done += static_cast<size_t>(n);
  }
  count(lines);
  return {};
}

result<void> output_file::sync() {
  if (failure_)
    return *failure_;
  // Pipes and some devices cannot sync (EINVAL). That is fine.
  if (::fdatasync(fd_.get()) != 0 &&
      (regular_ || (errno != EINVAL && errno != EROFS && errno != ENOTSUP)))
    return fail("cannot sync", errno);
  return {};
}

} // namespace penstock::io
