#include "core/recipe/recipe.hpp"
#include "core/recipe/schema_path.hpp"
#include "core/base/suggest.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <set>

namespace penstock::core {

namespace {

namespace json = boost::json;

/// What is known about the values of a section.
struct ground {
  bool open = false;                   ///< Unknown: any name may be in them.
  const json::value* schema = nullptr; ///< Their schema; null: not an answer.
  const json::value* root = nullptr;   ///< The root for references in the schema.
};

/// The meaning of a name, or why it has none.
struct finding {
  std::string fault;
  ground inside; ///< For names in a section over it.
};

std::string in_quotes(std::string_view name) { return '"' + clean_text(name, 60) + '"'; }

class name_checker {
public:
  name_checker(const recipe& r, std::span<const std::string> columns, bool open_rows)
      : recipe_{r}, columns_{columns.begin(), columns.end()}, open_rows_{open_rows} {
    for (auto& name : r.input_columns)
      if (!is_column(name))
        columns_.push_back(name);
  }

  /// @param stages Number of stages that may be named. @param own The stage of the template, or
  /// empty.
  void check(const prompt_template& t, size_t stages, std::string_view own) {
    std::vector<ground> grounds;
    for (auto& tag : t.tags()) {
      if (tag.what == template_tag::kind::end) {
        grounds.pop_back();
        continue;
      }
      auto found = in_sections(tag.name, grounds, stages, own);
      if (!found.fault.empty())
        add(t.where() + ", line " + std::to_string(tag.line) + ": " + found.fault);
      if (tag.what == template_tag::kind::section)
        grounds.push_back(found.fault.empty() ? found.inside : ground{.open = true});
      else if (tag.what == template_tag::kind::inverted)
        grounds.emplace_back();
    }
  }

  void check(const output_column& column) {
    if (!column.text.empty())
      return check(column.text, recipe_.stages.size(), {});
    if (auto found = anywhere(column.path, recipe_.stages.size(), {}); !found.fault.empty())
      add(column.where + ": " + found.fault);
  }

  void check_unique() {
    for (auto& stage : recipe_.stages)
      if (is_column(stage.name))
        add(recipe_.file + ": the stage " + in_quotes(stage.name) +
            " has the name of a column of the input; call it otherwise");
    std::set<std::string> names;
    const auto columns = output_columns(recipe_, columns_);
    for (auto& column : columns)
      if (!names.insert(column.name).second)
        add(column.where + ": the output has two columns called " + in_quotes(column.name));
    if (names.contains(recipe_.error_column))
      add(recipe_.file + ": output.error_column: the output has another column called " +
          in_quotes(recipe_.error_column) + "; choose another name, or \"\" for none");
    if (!recipe_.notes_column.empty() &&
        (names.contains(recipe_.notes_column) || recipe_.notes_column == recipe_.error_column))
      add(recipe_.file + ": output.notes_column: the output has another column called " +
          in_quotes(recipe_.notes_column) + "; choose another name, or \"\" for none");
  }

  std::string faults() const { return faults_; }

private:
  void add(const std::string& fault) { faults_ += (faults_.empty() ? "" : "\n") + fault; }

  bool is_column(std::string_view name) const {
    return std::ranges::find(columns_, name) != columns_.end();
  }

  finding in_sections(std::string_view name, const std::vector<ground>& grounds, size_t stages,
                      std::string_view own) const {
    if (name == ".") {
      if (grounds.empty())
        return {"{{.}} means the entry of a list, and stands outside of a section", {}};
      return {{}, grounds.back()};
    }
    bool open = false;
    for (auto at = grounds.rbegin(); at != grounds.rend(); ++at) {
      open = open || at->open;
      if (!at->schema)
        continue;
      const auto place = schema_at(*at->root, *at->schema, name);
      if (place.possible)
        return {{}, entries({!place.schema, place.schema, at->root})};
    }
    auto found = anywhere(name, stages, own);
    return found.fault.empty() || !open ? found : finding{{}, {.open = true}};
  }

  /// The values of a section over `over`: for a list, its entries.
  static ground entries(ground over) {
    auto schema = over.schema ? over.schema->if_object() : nullptr;
    auto items = schema ? schema->if_contains("items") : nullptr;
    if (!items || !items->is_object())
      return over;
    return {false, follow_refs(*over.root, *items), over.root};
  }

  finding anywhere(std::string_view path, size_t stages, std::string_view own) const {
    if (path == "_row")
      return {};
    if (is_column(path))
      return {{}, {.open = open_rows_}};
    const auto dot = path.find('.');
    const auto first = path.substr(0, dot);
    const auto rest = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    for (size_t i = 0; i < recipe_.stages.size(); ++i)
      if (recipe_.stages[i].name == first)
        return i < stages ? in_answer(recipe_.stages[i], rest) : finding{not_yet(first, own), {}};
    if (is_column(first) && open_rows_)
      return {{}, {.open = true}};
    return {unknown(path, stages), {}};
  }

  static std::string not_yet(std::string_view stage, std::string_view own) {
    if (stage == own)
      return "a stage cannot use its own answer (" + in_quotes(stage) + ")";
    if (own.empty())
      return "no answer of a stage is there yet (" + in_quotes(stage) +
             "); only columns can be used here";
    return "the stage " + in_quotes(stage) + " comes later; only earlier ones can be used";
  }

  static finding in_answer(const recipe_stage& stage, std::string_view rest) {
    if (!stage.schema) {
      if (rest.empty() || rest == "text")
        return {};
      return {in_quotes(stage.name + "." + std::string{rest}) +
                ": the stage has no schema, so only " + stage.name + ".text is there",
              {}};
    }
    auto& root = stage.schema->schema();
    const auto place = schema_at(root, root, rest);
    if (place.possible)
      return {{}, entries({!place.schema, place.schema, &root})};
    if (rest == "text")
      return {};
    auto known = property_names(root, root);
    known.emplace_back("text");
    return {"answers of the stage " + in_quotes(stage.name) + " have no field " + in_quotes(rest) +
              did_you_mean(nearest(rest, known)),
            {}};
  }

  std::string unknown(std::string_view path, size_t stages) const {
    constexpr size_t listed_max = 12;
    auto known = columns_;
    for (size_t i = 0; i < stages; ++i)
      known.push_back(recipe_.stages[i].name);
    auto text = "there is no column or earlier stage called " + in_quotes(path);
    if (auto near = nearest(path, known))
      return text + did_you_mean(clean_text(*near, 60));
    text += " (there are: ";
    for (size_t i = 0; i < known.size() && i < listed_max; ++i)
      text += (i > 0 ? ", " : "") + clean_text(known[i], 60);
    text += known.size() > listed_max ? ", ...)" : ")";
    if (open_rows_)
      text += "; if only some rows have it, name it in input.columns";
    return text;
  }

  const recipe& recipe_;
  std::vector<std::string> columns_;
  bool open_rows_;
  std::string faults_;
};

} // namespace

result<void> check_names(const recipe& r, std::span<const std::string> columns, bool open_rows) {
  name_checker names{r, columns, open_rows};
  names.check_unique();
  names.check(r.tenant, 0, {});
  for (size_t i = 0; i < r.stages.size(); ++i) {
    auto& stage = r.stages[i];
    names.check(stage.system, i, stage.name);
    names.check(stage.prompt, i, stage.name);
    for (auto& documents : stage.documents)
      names.check(documents, i, stage.name);
  }
  for (auto& column : r.columns)
    names.check(column);
  if (auto faults = names.faults(); !faults.empty())
    return error{errc::invalid_config, faults};
  return {};
}

} // namespace penstock::core
