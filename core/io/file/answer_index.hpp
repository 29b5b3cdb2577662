#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace penstock::io {

/// Where an answer of an earlier run lies.
struct answer_place {
  uint8_t source = 0;     ///< Which file; lower ones are preferred. At most 3.
  bool completed = false; ///< Completed ones are preferred to all others.
  uint64_t at = 0;        ///< Where in it; below 2^60.
  bool operator==(const answer_place&) const = default;
};

/// Finds the answers of earlier runs by what they answer. Equal requests take equal answers in
/// turn. Takes 16 bytes an answer, and 8 for its name.
class answer_index {
public:
  /// @param key Hash of what was asked. @param name Hash of the custom_id.
  void add(uint64_t key, uint64_t name, answer_place at);
  /// To be called once, after the last `add` and before the first question.
  void sort();
  /// The best answer under `key` that was not taken yet.
  std::optional<answer_place> take(uint64_t key);
  /// Whether an answer has this name.
  bool knows_name(uint64_t name) const noexcept;
  size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    uint64_t key;
    uint64_t place; ///< Bit 63: taken; 62: not completed; 60 and 61: source; the rest: where.
    friend auto operator<=>(const entry&, const entry&) = default;
  };
  std::vector<entry> entries_;
  std::vector<uint64_t> names_;
};

} // namespace penstock::io
