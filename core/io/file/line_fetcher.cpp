#include "core/io/file/line_fetcher.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock::io {

result<line_fetcher> line_fetcher::open(const std::string& path) {
  file_descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.valid())
    return system_error("cannot open", path, errno);
  return line_fetcher{path, std::move(fd)};
}

result<std::string_view> line_fetcher::at(uint64_t offset) {
  constexpr size_t block = 256u << 10;
  if (offset < begin_ || offset > begin_ + buffer_.size()) {
    buffer_.clear();
    begin_ = offset;
  }
  auto from = static_cast<size_t>(offset - begin_);
  for (auto searched = from;;) {
    if (const auto stop = buffer_.find('\n', searched); stop != std::string::npos)
      return std::string_view{buffer_}.substr(from, stop + 1 - from);
    buffer_.erase(0, from);
    begin_ = offset;
    from = 0;
    searched = buffer_.size();
    buffer_.resize(searched + block);
    ssize_t n;
    do
      n =
        ::pread(fd_.get(), buffer_.data() + searched, block, static_cast<off_t>(begin_ + searched));
    while (n < 0 && errno == EINTR);
    const int number = errno;
    buffer_.resize(searched + static_cast<size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0)
      return system_error("cannot read", path_, number);
    if (n == 0)
      return error{errc::corrupt, path_ + " has no whole line at byte " + std::to_string(offset) +
                                    "; something else writes to it"};
  }
}

} // namespace penstock::io
