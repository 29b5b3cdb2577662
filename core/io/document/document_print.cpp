#include "core/io/document/document_print.hpp"

#include "core/io/document/document_place.hpp"
#include "core/io/file/content_hash.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace penstock::io {

namespace {

int64_t nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; }

std::optional<file_stamp> stamp_of(const struct stat& info) {
  if (!S_ISREG(info.st_mode))
    return std::nullopt;
  return file_stamp{static_cast<uint64_t>(info.st_size), nanoseconds(info.st_mtim),
                    nanoseconds(info.st_ctim)};
}

std::optional<std::string> hash_of(int file) {
  content_hash hash;
  std::string block(64 << 10, '\0');
  for (;;) {
    const auto n = ::read(file, block.data(), block.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return std::nullopt;
    if (n == 0)
      return hash.hex();
    hash.update({block.data(), static_cast<size_t>(n)});
  }
}

} // namespace

std::string file_stamp::text() const {
  return std::to_string(size) + ' ' + std::to_string(written_ns) + ' ' + std::to_string(changed_ns);
}

std::optional<file_stamp> document_stamp(const std::string& name, const std::string& folder) {
  const auto path = locate_document(name, folder);
  struct stat info {};
  if (!path || ::stat(path->c_str(), &info) != 0)
    return std::nullopt;
  return stamp_of(info);
}

std::optional<std::string> document_hashes::of(const std::string& name, const std::string& folder) {
  constexpr size_t known_max = 4096;
  const auto path = locate_document(name, folder);
  if (!path)
    return std::nullopt;
  // Not waiting: a pipe by that name would never open.
  const file_descriptor file{::open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0)
    return std::nullopt;
  const auto stamp = stamp_of(info);
  if (!stamp)
    return std::nullopt;
  if (const auto it = known_.find(*path); it != known_.end() && it->second.stamp == *stamp)
    return it->second.hash;
  auto hash = hash_of(file.get());
  if (!hash)
    return std::nullopt;
  if (known_.size() >= known_max)
    known_.clear();
  known_[*path] = {*stamp, *hash};
  return hash;
}

} // namespace penstock::io
