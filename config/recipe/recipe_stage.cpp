#include "config/recipe/recipe_stage.hpp"
#include "config/text.hpp"
#include "core/base/text.hpp"

#include "core/json/json_check.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>

namespace penstock::config {

namespace {

namespace json = boost::json;

/// Members of the body that are keys of a stage; others belong into `parameters`.
constexpr std::string_view common_parameters[]{"temperature",
                                               "top_p",
                                               "max_tokens",
                                               "max_completion_tokens",
                                               "seed",
                                               "stop",
                                               "presence_penalty",
                                               "frequency_penalty",
                                               "reasoning_effort",
                                               "verbosity"};

/// Members that other keys of a stage set, or that are not allowed in a job.
constexpr std::pair<std::string_view, std::string_view> taken_parameters[]{
  {"model", "write it beside name and prompt"},
  {"messages", "they are made of system, documents and prompt"},
  {"stream", "answers come whole"},
  {"n", "a row has one answer a stage"},
  {"response_format", "use schema"},
  {"tools", "nobody would call them"},
};

bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  constexpr size_t name_max = 64;
  return !text.empty() && text.size() <= name_max && text[0] != '_' && text[0] != '-' &&
         std::ranges::all_of(text, plain);
}

void read_parameters(toml_section& section, json::object& to) {
  for (auto key : common_parameters) {
    auto node = section.any(key);
    if (!node)
      continue;
    const bool text = key == "reasoning_effort" || key == "verbosity";
    const bool fits = key == "stop" ? node->leaf.is_string() || node->what == toml_node::kind::list
                      : text        ? node->leaf.is_string()
                                    : node->leaf.is_number();
    if (!fits)
      section.refuse(key, node,
                     key == "stop" ? "must be a text or a list of texts"
                     : text        ? "must be a text"
                                   : "must be a number");
    else
      to[key] = node->to_json();
    // Two names of one setting. Providers refuse both together, so the stage's own key wins.
    if (key == "max_tokens" || key == "max_completion_tokens")
      to.erase(key == "max_tokens" ? "max_completion_tokens" : "max_tokens");
  }
  auto table = section.table("parameters");
  if (!table)
    return;
  for (auto& member : table->members) {
    const auto taken = std::ranges::find(taken_parameters, std::string_view{member.key},
                                         &std::pair<std::string_view, std::string_view>::first);
    if (taken != std::end(taken_parameters))
      section.refuse("parameters." + member.key, &member,
                     "has no place here: " + std::string{taken->second});
    else
      to[member.key] = member.to_json();
  }
}

std::optional<core::cache_mode> read_cache(toml_section& section) {
  auto node = section.any("cache");
  if (!node)
    return std::nullopt;
  if (node->leaf.is_bool())
    return node->leaf.get_bool() ? core::cache_mode::on : core::cache_mode::off;
  constexpr std::string_view words[]{"off", "read", "write", "on"};
  auto word = section.choice("cache", words);
  return word ? core::cache_mode_from(*word) : std::nullopt;
}

std::optional<core::mode> read_mode(toml_section& section) {
  constexpr std::string_view words[]{"auto", "parallel", "batch", "sequential"};
  auto word = section.choice("mode", words);
  return word ? core::mode_from(*word) : std::nullopt;
}

core::pdf_mode read_pdf(toml_section& section, core::pdf_mode otherwise) {
  constexpr std::string_view words[]{"auto", "native", "text"};
  auto word = section.choice("pdf", words);
  if (!word)
    return otherwise;
  return *word == "native" ? core::pdf_mode::native
         : *word == "text" ? core::pdf_mode::text
                           : core::pdf_mode::automatic;
}

core::document_rules read_rules(toml_section& section, core::document_rules rules) {
  constexpr std::string_view comments[]{"omit", "show"}, changes[]{"accept", "reject", "show"},
    scanned[]{"fail", "send"};
  if (auto word = section.choice("comments", comments))
    rules.comments = core::comment_mode_from(*word).value_or(rules.comments);
  if (auto word = section.choice("changes", changes))
    rules.changes = core::change_mode_from(*word).value_or(rules.changes);
  if (auto word = section.choice("scanned", scanned))
    rules.scanned = core::scanned_mode_from(*word).value_or(rules.scanned);
  return rules;
}

core::truncated_mode read_truncated(toml_section& section, core::truncated_mode otherwise) {
  constexpr std::string_view words[]{"fail", "mark"};
  auto word = section.choice("truncated", words);
  if (!word)
    return otherwise;
  return *word == "mark" ? core::truncated_mode::mark : core::truncated_mode::fail;
}

bool read_structured(toml_section& section, bool otherwise) {
  constexpr std::string_view words[]{"native", "prompt"};
  auto word = section.choice("structured", words);
  return word ? *word == "prompt" : otherwise;
}

/// Compiles a template. Its faults are reported for the section.
core::prompt_template compile(toml_section& section, std::string_view name, const toml_node* at,
                              const std::string& text, const std::string& where) {
  auto made = core::prompt_template::compile(text, where);
  if (made)
    return *std::move(made);
  auto what = made.error().context;
  if (what.starts_with(where))
    what.erase(0, where.size());
  section.refuse(name, at, what.starts_with(": ") ? "is no template: " + what.substr(2) : what);
  return {};
}

core::prompt_template read_template(toml_section& section, std::string_view name) {
  auto text = section.text(name);
  auto node = section.any(name);
  return text ? compile(section, name, node, *text, section.place(name, node))
              : core::prompt_template{};
}

std::optional<json::value> parse_json(toml_section& section, const toml_node* at,
                                      std::string_view text, const std::string& what) {
  if (auto fault = core::check_json(text)) {
    section.refuse("schema", at,
                   what + " is not valid JSON: " + std::string{fault->reason} + " at byte " +
                     std::to_string(fault->at + 1));
    return std::nullopt;
  }
  json::parse_options deep;
  deep.max_depth = 200;
  json::error_code ec;
  auto value = json::parse(text, ec, {}, deep);
  return ec ? std::nullopt : std::optional{std::move(value)};
}

/// A table, JSON in a text, or the name of a file beside the recipe.
std::optional<json::value> schema_value(toml_section& section, const toml_node& node,
                                        core::recipe& recipe) {
  if (node.what == toml_node::kind::table)
    return node.to_json();
  auto given = node.leaf.if_string();
  if (!given || core::trim(*given).empty()) {
    section.refuse("schema", &node, "must be a table, a JSON text, or the name of a file");
    return std::nullopt;
  }
  if (core::trim(*given).starts_with('{'))
    return parse_json(section, &node, *given, "the text");
  const auto path =
    (std::filesystem::path{recipe.file}.parent_path() / std::string{*given}).string();
  auto read = read_text_file(path, "the file");
  if (!read) {
    section.refuse("schema", &node, "cannot be read: " + read.error().context);
    return std::nullopt;
  }
  recipe.text += '\0' + *read;
  recipe.files.push_back(path);
  return parse_json(section, &node, *read, "the file " + in_quotes(path));
}

void read_schema(toml_section& section, core::recipe_stage& stage, core::recipe& recipe) {
  auto node = section.any("schema");
  if (!node)
    return;
  auto value = schema_value(section, *node, recipe);
  if (!value)
    return;
  auto made = core::schema_check::compile(*std::move(value));
  if (made)
    stage.schema = *std::move(made);
  else
    section.refuse("schema", node, "cannot be used: " + made.error().context);
}

void read_name(toml_section& section, core::recipe_stage& stage) {
  auto node = section.any("name");
  if (!node)
    return section.refuse("name", nullptr,
                          "is missing: later stages and columns know the stage by it");
  auto name = section.text("name");
  if (!name)
    return;
  if (is_name(*name))
    stage.name = *name;
  else
    section.refuse("name", node,
                   "must be 1 to 64 letters, digits, '_' or '-', a letter or digit first, is " +
                     in_quotes(*name));
}

} // namespace

stage_defaults read_defaults(toml_section& section) {
  constexpr int64_t corrections_top = 10;
  stage_defaults d;
  d.model = section.text("model").value_or("");
  d.system = section.text("system").value_or("");
  d.system_where = section.place("system", section.any("system"));
  read_parameters(section, d.parameters);
  d.corrections = section.integer("corrections", 0, corrections_top);
  d.cache = read_cache(section);
  d.run_as = read_mode(section);
  d.truncated = read_truncated(section, d.truncated);
  d.pdf = read_pdf(section, d.pdf);
  d.rules = read_rules(section, d.rules);
  d.schema_in_prompt = read_structured(section, false);
  return d;
}

core::recipe_stage read_stage(toml_section& section, const stage_defaults& defaults,
                              core::recipe& recipe) {
  constexpr int64_t corrections_top = 10;
  core::recipe_stage stage;
  read_name(section, stage);
  auto prompt = section.any("prompt");
  stage.prompt = read_template(section, "prompt");
  if (!prompt)
    section.refuse("prompt", nullptr, "is missing");
  else if (prompt->leaf.is_string() && core::trim(prompt->leaf.get_string()).empty())
    section.refuse("prompt", prompt, "is empty");
  stage.system = section.any("system")
                   ? read_template(section, "system")
                   : compile(section, "system", nullptr, defaults.system, defaults.system_where);
  stage.model = section.text("model").value_or(defaults.model);
  stage.parameters = defaults.parameters;
  read_parameters(section, stage.parameters);
  read_schema(section, stage, recipe);
  stage.schema_in_prompt = read_structured(section, defaults.schema_in_prompt);
  auto corrections = section.integer("corrections", 0, corrections_top);
  stage.corrections_max =
    static_cast<uint32_t>(corrections.value_or(defaults.corrections.value_or(2)));
  stage.cache = read_cache(section);
  if (!stage.cache)
    stage.cache = defaults.cache;
  stage.run_as = read_mode(section);
  stage.truncated = read_truncated(section, defaults.truncated);
  if (!stage.run_as)
    stage.run_as = defaults.run_as;
  stage.pdf = read_pdf(section, defaults.pdf);
  stage.rules = read_rules(section, defaults.rules);
  if (auto names = section.texts("documents"))
    for (auto& name : *names) {
      auto node = section.any("documents");
      stage.documents.push_back(
        compile(section, "documents", node, name, section.place("documents", node)));
    }
  return stage;
}

} // namespace penstock::config
