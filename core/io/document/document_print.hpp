#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace penstock::io {

/// What tells without reading a file that it was touched.
struct file_stamp {
  uint64_t size = 0;
  int64_t written_ns = 0; ///< When its bytes were written last.
  int64_t changed_ns = 0; ///< When anything of it changed; nobody can set it.
  bool operator==(const file_stamp&) const = default;
  /// As a text, for checksums.
  std::string text() const;
};

/// The stamp of a document; nothing if it is not there or no regular file.
/// @param name, folder As `locate_document` takes them.
std::optional<file_stamp> document_stamp(const std::string& name, const std::string& folder);

/// SHA-256 of documents. A file that was not touched is read once as long as few others come in
/// between.
class document_hashes {
public:
  /// In hex; nothing if the document cannot be read.
  std::optional<std::string> of(const std::string& name, const std::string& folder);

private:
  struct entry {
    file_stamp stamp;
    std::string hash;
  };
  std::unordered_map<std::string, entry> known_; ///< By path.
};

} // namespace penstock::io
