#include "core/map/map_record.hpp"
#include "core/map/map_script.hpp"

#include "core/jsonl/jsonl.hpp"
#include "core/jsonl/outcome_line.hpp"

#include <algorithm>

namespace penstock::core {

void map_row::add_notes(const std::vector<std::string>& more) {
  for (auto& note : more)
    if (std::ranges::find(notes, note) == notes.end())
      notes.push_back(note);
}

map_numbering::map_numbering(const std::vector<uint32_t>& corrections_max) {
  per_row_ = 0;
  for (auto corrections : corrections_max) {
    starts_.push_back(per_row_);
    per_row_ += corrections + uint64_t{1};
  }
}

uint64_t map_numbering::number_of(const map_ticket& t) const noexcept {
  return t.row * per_row_ + starts_[t.stage] + t.round;
}

map_ticket map_numbering::ticket_of(uint64_t number) const noexcept {
  const auto in_row = number % per_row_;
  auto stage = starts_.size() - 1;
  while (starts_[stage] > in_row)
    --stage;
  return {number / per_row_, static_cast<uint32_t>(stage),
          static_cast<uint32_t>(in_row - starts_[stage])};
}

std::string encode_answer(const outcome& o, uint64_t number) {
  auto numbered = o;
  numbered.index = number;
  return output_line(numbered);
}

result<outcome> decode_answer(std::string_view line) { return parse_outcome_line(line); }

} // namespace penstock::core
