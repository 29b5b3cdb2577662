#include "apps/penstock/map/map_hints.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::cli {

std::string changes_text(const io::map_changes& c, uint64_t changed_documents) {
  auto out = fmt::format("{} as before, {} mended, {} new, {} gone", count_text(c.kept),
                         count_text(c.mended), count_text(c.added), count_text(c.removed));
  if (changed_documents > 0)
    out += fmt::format("; {} with another document", count_text(changed_documents));
  return out;
}

std::string retried_text(uint64_t rows) {
  return (rows == 1 ? "1 row" : count_text(rows) + " rows") + " without a result sent again";
}

std::string output_text(const map_view& v) {
  if (v.output == "-")
    return "standard output";
  if (!v.replacing || v.state == job_state::completed)
    return v.output;
  return v.output + " is as it was; the same command replaces it when all rows are there";
}

std::string retry_hint(const map_view& v) {
  uint64_t bad = 0;
  for (auto& group : v.status.groups)
    bad += group.done.rows() - group.done.completed;
  if (v.state != job_state::completed || !v.resumable || bad == 0)
    return {};
  const auto unusable = std::min(bad, v.unusable);
  std::string hint;
  if (bad > unusable)
    hint =
      fmt::format("{} not completed: the same command with --retry-failed sends only {} again",
                  bad - unusable == 1 ? "1 row was" : count_text(bad - unusable) + " rows were",
                  bad - unusable == 1 ? "it" : "them");
  if (unusable > 0)
    hint += fmt::format("{}{} be used: mend {} in the input, and the same command sends only {}",
                        hint.empty() ? "" : "; ",
                        unusable == 1 ? "1 row cannot" : count_text(unusable) + " rows cannot",
                        unusable == 1 ? "it" : "them", unusable == 1 ? "it" : "them");
  return hint;
}

} // namespace penstock::cli
