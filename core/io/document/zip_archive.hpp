#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct zip;

namespace penstock::io {

/// Reads the parts of a document that is a zip archive (DOCX, ODT) from memory.
///
/// All parts together unpack to at most `unpacked_max` bytes; the sizes declared in the archive are
/// not trusted. An archive has at most 10,000 entries.
class zip_archive {
public:
  /// @param bytes Must outlive the archive.
  static result<zip_archive> open(const std::string& bytes, uint64_t unpacked_max);

  bool has(const std::string& name) const;
  /// The names of all entries, in order.
  std::vector<std::string> names() const;
  /// The bytes of an entry. It looks for the exact name, then ignores case, then tries backslashes,
  /// because some programs write them.
  /// @returns `errc::invalid_input` with the fault and the remedy.
  result<std::string> read(const std::string& name);

private:
  struct closer {
    void operator()(zip* z) const;
  };
  int64_t find(const std::string& name) const;

  std::unique_ptr<zip, closer> archive_;
  uint64_t left_ = 0, unpacked_max_ = 0;
};

} // namespace penstock::io
