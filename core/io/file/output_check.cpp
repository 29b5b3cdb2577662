#include "core/io/file/output_check.hpp"
#include "core/io/file/file_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace penstock::io {

namespace {

constexpr size_t check_block = 1u << 20;

error edited(const std::string& path, std::string_view what) {
  return {errc::corrupt,
          path + " was edited or damaged: " + std::string{what} +
            "; restore it, choose another -o, or pass --restart, which throws away all that it "
            "holds"};
}

// Appends up to `size` bytes to `to`. @returns the number of bytes read; 0 at the end.
result<size_t> read_some(int fd, const std::string& path, std::string& to, size_t size) {
  const auto before = to.size();
  to.resize(before + size);
  ssize_t n;
  do
    n = ::read(fd, to.data() + before, size);
  while (n < 0 && errno == EINTR);
  const int number = errno;
  to.resize(before + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (n < 0)
    return system_error("cannot read", path, number);
  return static_cast<size_t>(n);
}

// Check the synced part by its checksum.
result<void> check_synced(int fd, const std::string& path, const run_checkpoint& at,
                          core::running_checksum& sum) {
  std::string piece;
  for (uint64_t left = at.output_bytes; left > 0;) {
    piece.clear();
    auto n = read_some(fd, path, piece, static_cast<size_t>(std::min<uint64_t>(left, check_block)));
    if (!n)
      return n.error();
    if (*n == 0)
      return edited(path, "it is shorter than what this run had written");
    sum.update(piece);
    left -= *n;
  }
  if (sum.value() != at.output_checksum)
    return edited(path, "its content is not what this run had written");
  return {};
}

// Takes one line with its line break. @returns false if the output must be cut before it.
result<bool> take_line(checked_output& out, const std::string& path, std::string_view line) {
  // We never write zero bytes: the disk has the size of the file, but not these bytes.
  if (line.find('\0') != std::string_view::npos)
    return false;
  const auto record = core::parse_output_line(line);
  if (!record)
    return edited(path, "line " + std::to_string(out.lines + 1) + " is " + record.error().context);
  if (record->index != out.lines)
    return edited(path, "line " + std::to_string(out.lines + 1) + " carries index " +
                          std::to_string(record->index));
  ++out.lines;
  out.bytes += line.size();
  out.sum.update(line);
  out.totals.add(*record);
  return true;
}

result<void> take_lines(checked_output& out, int fd, const std::string& path) {
  std::string buffer;
  for (size_t searched = 0;;) {
    auto n = read_some(fd, path, buffer, check_block);
    if (!n)
      return n.error();
    if (*n == 0)
      return {};
    size_t begin = 0;
    for (auto end = buffer.find('\n', searched); end != std::string::npos;
         end = buffer.find('\n', begin)) {
      auto taken = take_line(out, path, std::string_view{buffer}.substr(begin, end + 1 - begin));
      if (!taken)
        return taken.error();
      if (!*taken)
        return {};
      begin = end + 1;
    }
    buffer.erase(0, begin);
    searched = buffer.size();
  }
}

} // namespace

result<checked_output> check_output(const std::string& path, const run_checkpoint& at) {
  checked_output out;
  file_descriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.valid() && errno == ENOENT) {
    if (at.output_bytes > 0)
      return edited(path, "it is gone, but its journal is there");
    return out;
  }
  if (!fd.valid())
    return system_error("cannot open", path, errno);
  if (auto synced = check_synced(fd.get(), path, at, out.sum); !synced)
    return synced.error();
  out.bytes = at.output_bytes;
  out.lines = at.output_lines;
  out.totals = at.totals;
  if (auto taken = take_lines(out, fd.get(), path); !taken)
    return taken.error();
  return out;
}

} // namespace penstock::io
