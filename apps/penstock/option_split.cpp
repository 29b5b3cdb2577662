#include "apps/penstock/option_split.hpp"

#include "config/suggest.hpp"
#include "config/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace penstock::cli {

namespace {

using config::in_quotes;

/// What `penstock map` has besides the table of keys: switches, and options with a value.
constexpr const char* map_flags[] = {"check"};
constexpr const char* map_options[] = {"sample", "limit", "group-by"};

/// Whether a setting can stand on the command line.
bool has_row(option_set set, const config::key_row& row) {
  return !row.cluster || set == option_set::config_show || set == option_set::cluster;
}

/// The flags of `set`, with their dashes, for suggestions.
std::vector<std::string> known_flags(option_set set) {
  std::vector<std::string> flags{"--config", "--help"};
  if (set != option_set::config_show)
    flags.push_back("--output");
  if (set == option_set::map) {
    for (auto name : map_flags)
      flags.push_back("--" + std::string{name});
    for (auto name : map_options)
      flags.push_back("--" + std::string{name});
  }
  for (auto& row : config::keys()) {
    if (!has_row(set, row))
      continue;
    flags.push_back("--" + std::string{row.flag});
    if (row.kind == config::value_kind::boolean)
      flags.push_back("--no-" + std::string{row.flag});
  }
  return flags;
}

/// Words that CLI11 could not place: misspelt options first, they explain the rest.
error misplaced(const std::vector<std::string>& words, option_set set, const std::string& command) {
  const auto is_option = [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); };
  const auto option = std::ranges::find_if(words, is_option);
  if (option == words.end())
    return usage(command + ": unexpected " + in_quotes(words.front()));
  const auto flag = option->substr(0, option->find('='));
  return usage(command + ": unknown option " + in_quotes(flag) +
               config::did_you_mean(config::nearest(flag, known_flags(set))) + "; " + command +
               " --help lists all");
}

} // namespace

error usage(std::string text) { return {errc::invalid_config, std::move(text)}; }

result<raw_options> split(const arguments& args, option_set set, const std::string& command) {
  raw_options out;
  CLI::App app;
  app.set_help_flag("-h,--help");
  app.allow_extras();
  // The last one wins, so that an alias can carry defaults.
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  std::vector<std::pair<const config::key_row*, CLI::Option*>> options;
  for (auto& row : config::keys()) {
    if (!has_row(set, row))
      continue;
    const auto flag = std::string{row.flag};
    if (set == option_set::config_show && flag == "json") {
      app.add_flag("--json", out.json);
      continue;
    }
    auto option = row.kind == config::value_kind::boolean ? app.add_flag("--" + flag + ",!--no-" + flag)
                                                          : app.add_option("--" + flag);
    if (row.kind != config::value_kind::boolean)
      option->type_size(1)->expected(1);
    options.emplace_back(&row, option->multi_option_policy(last));
  }
  app.add_option("--config", out.config_file)->multi_option_policy(last);
  if (set != option_set::config_show) {
    app.add_option("-o,--output", out.output)->multi_option_policy(last);
    app.add_option("INPUT", out.positional)->expected(0, -1);
  }
  std::map<std::string, CLI::Option*> own;
  if (set == option_set::map) {
    for (auto name : map_flags)
      own[name] = app.add_flag("--" + std::string{name});
    for (auto name : map_options)
      own[name] = app.add_option("--" + std::string{name})->type_size(1)->expected(1)->multi_option_policy(last);
  }
  try {
    app.parse(arguments{args.rbegin(), args.rend()});
  } catch (const CLI::CallForHelp&) {
    out.help = true;
    return out;
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string_view text = e.what(); // "--rpm: 1 required ..."
    return usage(command + ": " + std::string{text.substr(0, text.find(':'))} + " needs a value");
  } catch (const CLI::ParseError& e) {
    return usage(command + ": " + e.what());
  }
  if (const auto extras = app.remaining(); !extras.empty())
    return misplaced(extras, set, command);
  for (auto& [name, option] : own)
    if (option->count() > 0)
      out.own[name] = option->results().back();
  for (auto& [row, option] : options)
    if (option->count() > 0)
      out.values.push_back({row, "--" + std::string{row->flag}, option->results().back()});
  return out;
}

result<config::loaded_settings> load(raw_options raw, const config::environment& env) {
  return config::load({.file = std::move(raw.config_file), .env = env, .command_line = std::move(raw.values)});
}

} // namespace penstock::cli
