#pragma once

#include "core/base/error.hpp"

#include <string>
#include <utility>

namespace penstock::io {

/// Owns a file descriptor.
class file_descriptor {
public:
  file_descriptor() = default;
  /// Takes `fd`. Closes it at the end only if `owned` (standard streams must stay open).
  explicit file_descriptor(int fd, bool owned = true) noexcept : fd_{fd}, owned_{owned} {}
  file_descriptor(file_descriptor&& other) noexcept
      : fd_{std::exchange(other.fd_, -1)}, owned_{other.owned_} {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(owned_, other.owned_);
    return *this;
  }
  ~file_descriptor();

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
  bool owned_ = true;
};

/// The error for a failed system call: `disk_full` with its remedy, or `io_error`.
/// @param doing For example "cannot write".
/// @param number The value of `errno`.
error system_error(std::string_view doing, const std::string& path, int number);

/// The error: `path` is a symbolic link. Files whose name Penstock makes itself (locks, journals,
/// copies beside an output) may not be links: another user could have put them there.
error link_refused(const std::string& path);
/// Fails with `link_refused` if `path` is a symbolic link. Links that a user names are resolved
/// before.
result<void> refuse_link(const std::string& path);

/// Makes the directory entry of `path` durable. If the system does not support it, that is no
/// error.
result<void> sync_directory_of(const std::string& path);

} // namespace penstock::io
