#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::core {

/// A fast 64-bit checksum against accidents (torn writes, bit flips, edits by hand), not against
/// an attacker. Every step is a bijection of the state, so a change inside one 8-byte word is
/// always seen; wider changes go unseen once in 2^64. The cuts between updates do not matter.
class running_checksum {
public:
  /// Takes more bytes in.
  void update(std::string_view bytes) noexcept;
  /// The checksum of all bytes so far; more may follow.
  uint64_t value() const noexcept;

private:
  uint64_t state_ = 0x9e3779b97f4a7c15u;
  uint64_t length_ = 0;
  unsigned char tail_[8] = {}; ///< The bytes after the last whole word.
};

/// The checksum of `bytes` alone.
uint64_t checksum(std::string_view bytes) noexcept;

} // namespace penstock::core
