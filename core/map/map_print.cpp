#include "core/map/map_print.hpp"

#include "core/base/checksum.hpp"
#include "core/base/text.hpp"
#include "core/recipe/stage_request.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// Zero means "none" wherever a print is kept.
uint64_t not_zero(uint64_t sum) noexcept { return sum == 0 ? 1 : sum; }

/// Takes a text in so that its end is known.
void add_text(running_checksum& sum, std::string_view text) {
  sum.update(std::to_string(text.size()));
  sum.update(":");
  sum.update(text);
}

void add_used(running_checksum& sum, const prompt_template& text, const row_scope& scope) {
  for (auto& tag : text.tags()) {
    if (tag.what == template_tag::kind::end)
      continue;
    const auto value = scope.find(tag.name);
    add_text(sum, value ? json::serialize(*value) : std::string{});
  }
}

uint64_t id_of(const json::object& cells) {
  for (std::string_view wanted : {"custom_id", "id"})
    for (auto& cell : cells)
      if (to_lower(cell.key()) == wanted) {
        const auto text = json::serialize(cell.value());
        if (!cell.value().is_null() && text != "\"\"")
          return not_zero(checksum(text));
      }
  return 0;
}

} // namespace

bool is_same(const stage_print& now, uint64_t kept_asks, std::string_view kept_documents) noexcept {
  return now.asks == kept_asks && (!now.readable || now.documents == kept_documents);
}

result<uint64_t> asks_of(const recipe_stage& stage, const row_scope& scope,
                         std::span<const std::string> documents, const print_context& context,
                         bool pdf_as_text) {
  std::vector<document> stand_ins;
  for (auto& name : documents)
    stand_ins.push_back({name, document_kind::text, "text/plain", {}});
  const auto body = stage_body(stage, scope, stand_ins, context.model);
  if (!body)
    return body.error();
  running_checksum sum;
  add_text(sum, context.protocol);
  add_text(sum, *body);
  if (!documents.empty()) {
    add_text(sum, pdf_as_text ? "pdf as text" : "pdf as it is");
    add_text(sum, to_string(stage.rules.comments));
    add_text(sum, to_string(stage.rules.changes));
    add_text(sum, to_string(stage.rules.scanned));
  }
  return not_zero(sum.value());
}

row_keys keys_of(const recipe& recipe, const row_scope& scope, uint64_t first) {
  running_checksum used;
  for (auto& stage : recipe.stages) {
    add_used(used, stage.system, scope);
    add_used(used, stage.prompt, scope);
    for (auto& document : stage.documents)
      add_used(used, document, scope);
  }
  return {not_zero(checksum(json::serialize(scope.cells()))), id_of(scope.cells()),
          not_zero(used.value()), first};
}

} // namespace penstock::core
