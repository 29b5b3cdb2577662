#include "core/recipe/recipe.hpp"
#include "core/base/text.hpp"

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

bool names_stage(const recipe& r, std::string_view path) {
  const auto first = path.substr(0, path.find('.'));
  return std::ranges::any_of(r.stages, [&](auto& stage) { return stage.name == first; });
}

bool needs_stage(const recipe& r, const output_column& column) {
  if (column.text.empty())
    return names_stage(r, column.path);
  return std::ranges::any_of(column.text.tags(),
                             [&](auto& tag) { return names_stage(r, tag.name); });
}

} // namespace

std::vector<output_column> output_columns(const recipe& r, std::span<const std::string> columns) {
  if (!r.columns.empty())
    return r.columns;
  std::vector<output_column> out;
  for (auto& name : columns)
    out.push_back({name, {}, name, r.file});
  if (!r.stages.empty())
    out.push_back({r.stages.back().name, {}, r.stages.back().name, r.file});
  return out;
}

std::vector<std::string> output_names(const recipe& r, std::span<const output_column> columns) {
  std::vector<std::string> names;
  for (auto& column : columns)
    names.push_back(column.name);
  if (!r.error_column.empty())
    names.push_back(r.error_column);
  if (!r.notes_column.empty())
    names.push_back(r.notes_column);
  return names;
}

std::vector<json::value> output_values(const recipe& r, std::span<const output_column> columns,
                                       const row_scope& scope, const error* failure,
                                       std::span<const std::string> notes) {
  constexpr size_t error_max = 1000;
  std::vector<json::value> values;
  std::string wrong;
  if (failure)
    wrong = clean_text(to_string(*failure), error_max);
  for (auto& column : columns) {
    auto& value = values.emplace_back();
    if (failure && r.failed == failed_row::empty && needs_stage(r, column))
      continue;
    if (column.text.empty()) {
      if (auto found = scope.find(column.path))
        value = *found;
      continue;
    }
    if (auto text = column.text.render(scope))
      value = json::string{*text};
    else if (wrong.empty())
      wrong = clean_text(to_string(text.error()), error_max);
  }
  if (!r.error_column.empty()) {
    auto& value = values.emplace_back();
    if (!wrong.empty())
      value = json::string{wrong};
  }
  if (!r.notes_column.empty()) {
    std::string all;
    for (auto& note : notes)
      all += (all.empty() ? "" : "; ") + note;
    auto& value = values.emplace_back();
    if (!all.empty())
      value = json::string{all};
  }
  return values;
}

} // namespace penstock::core
