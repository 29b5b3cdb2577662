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

std::string encode_answer(const outcome& o, uint64_t number) {
  auto numbered = o;
  numbered.index = number;
  return output_line(numbered);
}

result<outcome> decode_answer(std::string_view line) { return parse_outcome_line(line); }

} // namespace penstock::core
