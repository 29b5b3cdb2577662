#include "core/io/file/map_output.hpp"

#include "core/io/file/file_descriptor.hpp"
#include "core/io/file/output_paths.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <vector>

namespace penstock::io {

result<std::optional<core::running_checksum>> sum_of_start(const std::string& path, uint64_t size) {
  constexpr uint64_t read_at_once = 1 << 20;
  core::running_checksum sum;
  if (size == 0)
    return std::optional{sum};
  if (!path_exists(path))
    return std::optional<core::running_checksum>{};
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return system_error("cannot open", path, errno);
  std::vector<char> buffer(std::min(size, read_at_once));
  while (size > 0 && in) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<uint64_t>(size, buffer.size())));
    sum.update({buffer.data(), static_cast<size_t>(in.gcount())});
    size -= static_cast<uint64_t>(in.gcount());
  }
  if (in.bad())
    return system_error("cannot read", path, errno);
  return size > 0 ? std::nullopt : std::optional{sum};
}

std::string start_of(const std::string& path, size_t size) {
  std::string start(size, '\0');
  std::ifstream in{path, std::ios::binary};
  in.read(start.data(), static_cast<std::streamsize>(size));
  start.resize(static_cast<size_t>(in.gcount()));
  return start;
}

result<bool> has_content(const std::string& path, uint64_t size, uint64_t checksum) {
  if (!path_exists(path) || file_size_or_zero(path) != size)
    return false;
  auto sum = sum_of_start(path, size);
  if (!sum)
    return sum.error();
  return *sum && (size == 0 || (*sum)->value() == checksum);
}

} // namespace penstock::io
