#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace penstock::io {

/// A running SHA-256, which identifies an input. About 1 us per KB with SHA instructions.
class content_hash {
public:
  content_hash();
  ~content_hash();
  content_hash(content_hash&&) noexcept;
  content_hash& operator=(content_hash&&) noexcept;

  /// Adds bytes.
  void update(std::string_view bytes);
  /// The hash of all bytes so far in lower-case hex. More bytes may follow.
  std::string hex() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace penstock::io
