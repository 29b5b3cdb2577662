#include "core/recipe/table.hpp"
#include "core/base/text.hpp"

#include <utility>

namespace penstock::core {

std::string_view to_string(table_format f) noexcept {
  switch (f) {
  case table_format::csv: return "csv";
  case table_format::tsv: return "tsv";
  case table_format::jsonl: return "jsonl";
  }
  return "unknown";
}

std::optional<table_format> table_format_from(std::string_view text) noexcept {
  for (auto f : {table_format::csv, table_format::tsv, table_format::jsonl})
    if (to_string(f) == text)
      return f;
  return std::nullopt;
}

std::optional<table_format> table_format_of(std::string_view path) noexcept {
  using ending = std::pair<std::string_view, table_format>;
  const auto ends_in = [](std::string_view text, std::string_view end) {
    return text.size() > end.size() && to_lower(text.substr(text.size() - end.size())) == end;
  };
  if (ends_in(path, ".gz"))
    path.remove_suffix(3);
  for (auto [end, format] : {ending{".csv", table_format::csv},
                             {".tsv", table_format::tsv},
                             {".tab", table_format::tsv},
                             {".jsonl", table_format::jsonl},
                             {".ndjson", table_format::jsonl}})
    if (ends_in(path, end))
      return format;
  return std::nullopt;
}

} // namespace penstock::core
