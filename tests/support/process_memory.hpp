#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// Data of the kernel about a process; by default, this process.
namespace penstock::test {

/// Memory in use now, in MB.
inline uint64_t resident_mb(pid_t pid = ::getpid()) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/statm"};
  uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * 4096 >> 20;
}

/// The largest memory of the process so far, in MB.
inline uint64_t peak_mb(pid_t pid = ::getpid()) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:"))
      return std::stoull(line.substr(6)) >> 10;
  return 0;
}

/// Open file descriptors.
inline size_t open_file_count(pid_t pid = ::getpid()) {
  const std::filesystem::directory_iterator open{"/proc/" + std::to_string(pid) + "/fd"};
  return static_cast<size_t>(std::distance(begin(open), end(open)));
}

} // namespace penstock::test
