#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <string>
#include <string_view>

namespace penstock::io {

/// Exclusive ownership of what a lock file stands for, until this object or the process ends.
/// The holder's process id stands in the file for others to read. The kernel frees the lock of a
/// process that died, so a file left behind locks nobody out.
class file_lock {
public:
  /// Takes the lock at once. @returns `errc::locked` with the holder's process id if it is taken.
  /// @param remedy What that other process does, and what may be done about it.
  static result<file_lock>
  acquire(const std::string& path,
          std::string_view remedy =
            "which writes the same output; wait for it, or choose another output");
  /// Removes the file and frees the lock.
  ~file_lock();
  file_lock(file_lock&&) noexcept = default;
  file_lock& operator=(file_lock&&) noexcept = default;

private:
  file_lock(file_descriptor fd, std::string path) : fd_{std::move(fd)}, path_{std::move(path)} {}

  file_descriptor fd_;
  std::string path_;
};

} // namespace penstock::io
