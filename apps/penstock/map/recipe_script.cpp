#include "apps/penstock/map/recipe_script.hpp"

#include "core/recipe/answer_json.hpp"
#include "core/recipe/stage_request.hpp"
#include "core/recipe/table_writer.hpp"

#include <boost/json/serialize.hpp>

namespace penstock::cli {

recipe_script::recipe_script(const core::recipe& recipe, const map_scan& scan, bool marked,
                             io::table_reader reader, core::table_format output, row_prints& prints)
    : recipe_{recipe}, scan_{scan}, marked_{marked}, reader_{std::move(reader)}, output_{output},
      prints_{prints}, columns_{core::output_columns(recipe, scan.columns)},
      names_{core::output_names(recipe, columns_)} {}

result<std::unique_ptr<recipe_script>>
recipe_script::open(const core::recipe& recipe, const map_input& input, const map_scan& scan,
                    core::table_format output, row_prints& prints) {
  auto reader = input.read();
  if (!reader)
    return reader.error();
  return std::unique_ptr<recipe_script>{
    new recipe_script{recipe, scan, input.is_marked(), std::move(*reader), output, prints}};
}

result<bool> recipe_script::next(core::map_row& row) {
  core::table_row read;
  auto more = reader_.next(read);
  if (!more || !*more)
    return more;
  row = {};
  row.index = read.index;
  row.fault = std::move(read.fault);
  row.blank = read.blank;
  row.bytes = boost::json::serialize(read.values).size();
  row.scope = core::row_scope{read.index + 1, std::move(read.values)};
  const auto it = scan_.groups.numbers.find(group_name_of(recipe_, row.scope));
  // An unknown group: the hub reports that the table was changed.
  row.group = it == scan_.groups.numbers.end() ? static_cast<uint32_t>(scan_.groups.names.size())
                                               : it->second;
  return true;
}

result<core::request> recipe_script::compose(core::map_row& row, uint32_t stage,
                                             const core::map_correction* correction,
                                             std::string custom_id) {
  const auto& what = recipe_.stages[stage];
  const auto failed = [&](error why) {
    why.context = "stage " + what.name + ": " + why.context;
    return why;
  };
  auto wanted = core::document_names(what, row.scope);
  if (!wanted)
    return failed(wanted.error());
  std::vector<core::document> documents;
  for (auto& name : *wanted) {
    auto read = io::read_document(name, prints_.options()[stage]);
    if (!read)
      return failed(read.error());
    row.add_notes(read->notes);
    documents.push_back(std::move(*read));
  }
  auto body = core::stage_body(what, row.scope, documents, prints_.context().model);
  if (!body)
    return failed(body.error());
  if (correction)
    *body = core::correction_body(*body, correction->answer, correction->fault);
  return core::stage_request(std::move(*body), 0, std::move(custom_id));
}

result<core::stage_print> recipe_script::print(const core::map_row& row, uint32_t stage) {
  return prints_.print(row.scope, stage);
}

result<core::stage_answer> recipe_script::accept(uint32_t stage, std::string_view body) {
  const auto& what = recipe_.stages[stage];
  return core::accept_answer(body, what.schema ? &*what.schema : nullptr, what.truncated);
}

std::string recipe_script::words_of(std::string_view body) {
  auto answer = core::read_answer(body);
  return answer ? answer->text : std::string{};
}

std::string_view recipe_script::stage_name(uint32_t stage) const {
  return recipe_.stages[stage].name;
}

std::string recipe_script::head() const {
  std::string head;
  const bool marked = recipe_.mark == core::mark_mode::always ||
                      (recipe_.mark == core::mark_mode::automatic && marked_);
  if (marked && output_ != core::table_format::jsonl)
    head = "\xef\xbb\xbf";
  core::append_header(head, output_, names_);
  return head;
}

void recipe_script::append_row(std::string& out, const core::map_row& row,
                               const error* failure) const {
  const error empty{errc::invalid_input, "the row is empty, nothing was sent for it"};
  const auto values = core::output_values(recipe_, columns_, row.scope,
                                          row.blank && !failure ? &empty : failure, row.notes);
  if (output_ != core::table_format::jsonl)
    *formulas_ += core::count_formulas(values);
  core::append_row(out, output_, names_, values, row.notes, recipe_.formulas);
}

} // namespace penstock::cli
