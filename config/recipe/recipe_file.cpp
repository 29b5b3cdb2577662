#include "config/recipe/recipe_file.hpp"
#include "config/recipe/recipe_stage.hpp"
#include "config/text.hpp"
#include "config/toml_tree.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace penstock::config {

namespace {

constexpr size_t stages_max = 50;
constexpr std::string_view formats[]{"csv", "tsv", "jsonl"};

class recipe_reader {
public:
  recipe_reader(const std::string& file, std::string_view text) {
    recipe_.file = file;
    recipe_.files.push_back(file);
    recipe_.text = text;
  }

  result<core::recipe> read(const toml_node& root) {
    toml_section top{recipe_.file, {}, root, faults_};
    const auto stem = std::filesystem::path{recipe_.file}.stem().string();
    recipe_.name = top.text("name").value_or(stem);
    top.any("description");
    recipe_.tenant = read_template(top, "tenant");
    recipe_.documents_folder = top.text("documents_folder").value_or("");
    read_input(top);
    read_stages(top);
    read_output(top);
    top.refuse_others();
    if (!faults_.empty())
      return error{errc::invalid_config, faults_};
    return std::move(recipe_);
  }

private:
  void read_input(toml_section& top) {
    auto node = top.table("input");
    if (!node)
      return;
    toml_section input{recipe_.file, "input", *node, faults_};
    if (auto word = input.choice("format", formats))
      recipe_.input_format = core::table_format_from(*word);
    recipe_.input_columns = input.texts("columns").value_or(std::vector<std::string>{});
    if (auto word = input.text("separator")) {
      const bool usable =
        word->size() == 1 && std::string_view{"\"\r\n"}.find((*word)[0]) == std::string_view::npos;
      if (*word == "auto")
        recipe_.input_separator = '\0';
      else if (usable && static_cast<unsigned char>((*word)[0]) < 0x80)
        recipe_.input_separator = (*word)[0];
      else
        input.refuse("separator", node->find("separator"),
                     "must be one character, or \"auto\", is " + in_quotes(*word));
    }
    recipe_.input_sheet = input.text("sheet").value_or("");
    input.refuse_others();
  }

  void read_stages(toml_section& top) {
    stage_defaults defaults;
    if (auto node = top.table("defaults")) {
      toml_section section{recipe_.file, "defaults", *node, faults_};
      defaults = read_defaults(section);
      section.refuse_others();
    }
    auto list = top.any("stages");
    const bool tables =
      list && list->what == toml_node::kind::list && !list->members.empty() &&
      std::ranges::all_of(list->members, [](auto& m) { return m.what == toml_node::kind::table; });
    if (!tables)
      return top.refuse("stages", list,
                        "must hold at least one stage: write [[stages]], name and prompt");
    if (list->members.size() > stages_max)
      return top.refuse("stages", list, "must be at most " + std::to_string(stages_max));
    for (size_t i = 0; i < list->members.size(); ++i) {
      auto& node = list->members[i];
      toml_section section{recipe_.file, "stages[" + std::to_string(i) + "]", node, faults_};
      auto stage = read_stage(section, defaults, recipe_);
      if (std::ranges::find(recipe_.stages, stage.name, &core::recipe_stage::name) !=
          recipe_.stages.end())
        section.refuse("name", node.find("name"),
                       in_quotes(stage.name) + " is the name of an earlier stage, too");
      section.refuse_others();
      recipe_.stages.push_back(std::move(stage));
    }
  }

  void read_output(toml_section& top) {
    auto node = top.table("output");
    if (!node)
      return;
    toml_section output{recipe_.file, "output", *node, faults_};
    if (auto word = output.choice("format", formats))
      recipe_.output_format = core::table_format_from(*word);
    constexpr std::string_view rows[]{"partial", "empty"};
    if (output.choice("failed", rows) == "empty")
      recipe_.failed = core::failed_row::empty;
    constexpr std::string_view marks[]{"auto", "always", "never"};
    if (auto word = output.choice("bom", marks))
      recipe_.mark = *word == "always"  ? core::mark_mode::always
                     : *word == "never" ? core::mark_mode::never
                                        : core::mark_mode::automatic;
    constexpr std::string_view formulas[]{"keep", "escape"};
    if (output.choice("csv_formulas", formulas) == "escape")
      recipe_.formulas = core::formula_mode::escape;
    recipe_.error_column = output.text("error_column").value_or(recipe_.error_column);
    recipe_.notes_column = output.text("notes_column").value_or(recipe_.notes_column);
    read_columns(output);
    output.refuse_others();
  }

  void read_columns(toml_section& output) {
    auto node = output.any("columns");
    if (!node)
      return;
    if (node->what == toml_node::kind::leaf || node->members.empty())
      return output.refuse(
        "columns", node,
        "must be a list of columns and paths ([\"name\", \"grade.score\"]), or a table of "
        "names and what they hold");
    for (auto& member : node->members) {
      auto value = member.leaf.if_string();
      const auto name = node->what == toml_node::kind::table ? member.key
                        : value                              ? std::string{*value}
                                                             : "";
      const auto key = "columns" + (name.empty() ? "" : "." + name);
      if (!value || value->empty() || name.empty()) {
        output.refuse(key, &member,
                      "must be a path such as \"grade.score\", or a template such as \"{{name}}\"");
        continue;
      }
      core::output_column column;
      column.name = name;
      column.where = output.place(key, &member);
      const std::string text{*value};
      if (text.find("{{") == std::string::npos)
        column.path = text;
      else
        column.text = compile(text, column.where);
      recipe_.columns.push_back(std::move(column));
    }
  }

  core::prompt_template read_template(toml_section& section, std::string_view name) {
    auto text = section.text(name);
    return text ? compile(*text, section.place(name, section.any(name))) : core::prompt_template{};
  }

  core::prompt_template compile(const std::string& text, const std::string& where) {
    auto made = core::prompt_template::compile(text, where);
    if (made)
      return *std::move(made);
    faults_ += (faults_.empty() ? "" : "\n") + made.error().context;
    return {};
  }

  core::recipe recipe_;
  std::string faults_;
};

} // namespace

result<std::string> read_text_file(const std::string& path, const std::string& what) {
  constexpr size_t size_max = 1 << 20;
  const auto refused = [&](std::string_view why) {
    return error{errc::invalid_config, what + " " + in_quotes(path) + " " + std::string{why}};
  };
  std::error_code ec;
  const auto status = std::filesystem::status(path, ec);
  if (!std::filesystem::exists(status))
    return refused("is not there");
  if (!std::filesystem::is_regular_file(status))
    return refused("is not a regular file");
  if (std::filesystem::file_size(path, ec) > size_max)
    return refused("is larger than 1 MiB");
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad())
    return refused("cannot be read; may you?");
  if (text.starts_with("\xef\xbb\xbf"))
    text.erase(0, 3);
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return refused("is UTF-16; save it as UTF-8");
  return text;
}

result<core::recipe> parse_recipe(std::string_view text, const std::string& name) {
  auto root = parse_toml_tree(text, name);
  if (!root)
    return root.error();
  return recipe_reader{name, text}.read(*root);
}

result<core::recipe> read_recipe(const std::string& path) {
  auto text = read_text_file(path, "the recipe");
  if (!text)
    return text.error();
  return parse_recipe(*text, path);
}

} // namespace penstock::config
