#include "apps/penstock/map/row_prints.hpp"

#include "core/recipe/stage_request.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace penstock::cli {

result<core::stage_print> row_prints::print(const core::row_scope& scope, uint32_t stage) {
  const auto& what = recipe_.stages[stage];
  const auto failed = [&](error why) {
    why.context = "stage " + what.name + ": " + why.context;
    return why;
  };
  auto names = core::document_names(what, scope);
  if (!names)
    return failed(names.error());
  auto asks = core::asks_of(what, scope, *names, context_, documents_[stage].pdf_as_text);
  if (!asks)
    return failed(asks.error());
  core::stage_print print{*asks, {}, true};
  for (auto& name : *names) {
    const auto hash = hashes_.of(name, documents_[stage].folder);
    print.readable &= hash.has_value();
    print.documents += hash.value_or("-") + ' ';
  }
  return print;
}

core::row_keys row_prints::keys(const core::table_row& row, const core::row_scope& scope) const {
  auto keys = core::keys_of(recipe_, scope, 0);
  if (row.fault || row.blank) { // Nothing is asked for it, so nothing else is like it.
    keys.whole =
      core::checksum((row.fault ? "fault " : "blank ") + boost::json::serialize(scope.cells())) | 1;
    keys.used = 0;
    return keys;
  }
  const auto& first = recipe_.stages.front();
  if (auto names = core::document_names(first, scope))
    if (auto asks = core::asks_of(first, scope, *names, context_, documents_.front().pdf_as_text))
      keys.first = *asks;
  return keys;
}

void row_prints::note_documents(const core::row_scope& scope) {
  for (size_t s = 0; s < recipe_.stages.size(); ++s) {
    if (recipe_.stages[s].documents.empty())
      continue;
    auto names = core::document_names(recipe_.stages[s], scope);
    if (!names)
      continue;
    noted_ = true;
    for (auto& name : *names) {
      const auto stamp = io::document_stamp(name, documents_[s].folder);
      stamps_.update(name + '\n' + (stamp ? stamp->text() : "gone") + '\n');
    }
  }
}

std::string row_prints::documents() const {
  return noted_ ? fmt::format("{:016x}", stamps_.value()) : std::string{};
}

} // namespace penstock::cli
