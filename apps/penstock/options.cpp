#include "apps/penstock/options.hpp"
#include "apps/penstock/help.hpp"
#include "config/load.hpp"
#include "config/show.hpp"
#include "config/suggest.hpp"
#include "config/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace penstock::cli {

namespace {

using config::in_quotes;

error usage(std::string text) { return {errc::invalid_config, std::move(text)}; }

/// What a command line says, before any value is judged: CLI11 splits it, the table of keys knows what
/// the words mean.
struct raw_options {
  std::vector<config::command_line_value> values;
  std::optional<std::string> config_file, output;
  std::vector<std::string> positional;
  bool help = false;
  bool json = false; ///< Of `config show`.
};

enum class option_set { run, config_show };

/// The flags of `set`, with their dashes, for suggestions.
std::vector<std::string> known_flags(option_set set) {
  std::vector<std::string> flags{"--config", "--help"};
  if (set == option_set::run)
    flags.push_back("--output");
  for (auto& row : config::keys()) {
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

result<raw_options> split(const arguments& args, option_set set, const std::string& command) {
  raw_options out;
  CLI::App app;
  app.set_help_flag("-h,--help");
  app.allow_extras();
  // The last one wins, so that an alias can carry defaults.
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  std::vector<std::pair<const config::key_row*, CLI::Option*>> options;
  for (auto& row : config::keys()) {
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
  if (set == option_set::run) {
    app.add_option("-o,--output", out.output)->multi_option_policy(last);
    app.add_option("INPUT", out.positional)->expected(0, -1);
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
  for (auto& [row, option] : options)
    if (option->count() > 0)
      out.values.push_back({row, "--" + std::string{row->flag}, option->results().back()});
  return out;
}

result<config::loaded_settings> load(raw_options raw, const config::environment& env) {
  return config::load({.file = std::move(raw.config_file), .env = env, .command_line = std::move(raw.values)});
}

bool same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code ec;
  return fs::path{a}.lexically_normal() == fs::path{b}.lexically_normal() || fs::equivalent(a, b, ec);
}

/// What the words say together although each is right.
std::optional<error> contradiction(const run_command& command) {
  auto& run = command.settings.values.run;
  if (command.output != "-" && same_file(command.input, command.output))
    return usage("penstock run: the output " + in_quotes(command.output) + " is the input itself");
  if (command.output == "-" && run.json && !run.dry_run)
    return usage("penstock run: --json prints the summary where the results go, on standard output; "
                 "send those to a file with -o FILE");
  if (command.output == "-" && run.restart)
    return usage("penstock run: --restart has nothing to throw away on standard output");
  return std::nullopt;
}

} // namespace

const std::vector<command_info>& commands() {
  static const std::vector<command_info> all{
      {"run", "Send the requests of a file; write the results in the same order."},
      {"mock", "Serve a provider that answers without a model, with limits and faults to order."},
      {"cache", "Show or empty the cache of answers."},
      {"config", "Show the settings in force and where each came from; print the reference."},
      {"help", "Print this, or the help of a command."},
  };
  return all;
}

std::string default_output(std::string_view input) {
  if (input == "-")
    return "-";
  for (std::string_view suffix : {".gz", ".jsonl"})
    if (input.size() > suffix.size() && input.ends_with(suffix))
      input.remove_suffix(suffix.size());
  return std::string{input} + ".out.jsonl";
}

result<run_command> parse_run(const arguments& args, const config::environment& env) {
  auto raw = split(args, option_set::run, "penstock run");
  if (!raw)
    return raw.error();
  run_command command;
  command.help = raw->help;
  if (command.help)
    return command;
  if (raw->positional.size() != 1)
    return usage(raw->positional.empty()
                     ? "penstock run: which file? penstock run [OPTIONS] INPUT (- is standard input)"
                     : "penstock run: one INPUT, please; the second is " + in_quotes(raw->positional[1]));
  command.input = raw->positional.front();
  command.output = raw->output.value_or(default_output(command.input));
  if (command.input.empty() || command.output.empty())
    return usage("penstock run: a file name is empty");
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  command.settings = std::move(*loaded);
  if (auto wrong = contradiction(command))
    return *wrong;
  return command;
}

result<config_command> parse_config(const arguments& args, const config::environment& env) {
  const std::vector<std::string> words{"show", "reference"};
  if (args.empty() || args.front() == "--help" || args.front() == "-h")
    return config_command{config_help()};
  const arguments rest{args.begin() + 1, args.end()};
  if (args.front() == "reference") {
    if (!rest.empty())
      return usage("penstock config reference: unexpected " + in_quotes(rest.front()));
    return config_command{config::reference_markdown()};
  }
  if (args.front() != "show")
    return usage("penstock config: unknown command " + in_quotes(args.front()) +
                 config::did_you_mean(config::nearest(args.front(), words)));
  auto raw = split(rest, option_set::config_show, "penstock config show");
  if (!raw)
    return raw.error();
  if (raw->help)
    return config_command{config_help()};
  const bool json = raw->json;
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  return config_command{json ? config::show_json(*loaded, env) : config::show(*loaded, env)};
}

result<std::variant<run_command, config_command, print_command, other_command>>
parse(const arguments& args, const config::environment& env) {
  if (args.empty())
    return print_command{overview()};
  auto word = args.front();
  arguments rest{args.begin() + 1, args.end()};
  if (word == "--version" || word == "-V")
    return print_command{version_line()};
  if (word == "help" || word == "--help" || word == "-h") {
    if (rest.empty() || rest.front() == "help")
      return print_command{overview()};
    // "help run" and "run --help" are the same.
    word = rest.front();
    rest = {"--help"};
  }
  std::vector<std::string> names;
  for (auto& command : commands())
    names.emplace_back(command.name);
  if (word == "run") {
    auto command = parse_run(rest, env);
    if (!command)
      return command.error();
    if (command->help)
      return print_command{run_help()};
    return std::move(*command);
  }
  if (word == "config") {
    auto command = parse_config(rest, env);
    if (!command)
      return command.error();
    return std::move(*command);
  }
  if (std::ranges::find(names, word) != names.end())
    return other_command{word, rest};
  return usage("penstock: unknown command " + in_quotes(word) +
               config::did_you_mean(config::nearest(word, names)) + "; penstock help lists all");
}

} // namespace penstock::cli
