#pragma once

#include "core/base/error.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <string>
#include <string_view>

namespace penstock::io {

/// An exclusive lock, until this object or the process ends. The file contains the process id of
/// the holder. The kernel frees the lock of a process that died, so a file that is left behind does
/// not block others.
class file_lock {
public:
  /// Takes the lock without waiting. @returns `errc::locked` with the holder's process id if
  /// another process has it.
  /// @param remedy What the other process does, and what the user can do.
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
