#include "apps/penstock/cli/options.hpp"
#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "config/load.hpp"
#include "config/show.hpp"
#include "config/text.hpp"
#include "core/base/suggest.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>

namespace penstock::cli {

namespace {

using config::in_quotes;

bool same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  std::error_code ec;
  return fs::path{a}.lexically_normal() == fs::path{b}.lexically_normal() ||
         fs::equivalent(a, b, ec);
}

/// What the words say together although each is right.
std::optional<error> contradiction(const run_command& command) {
  auto& run = command.settings.values.run;
  if (command.output != "-" && same_file(command.input, command.output))
    return usage("penstock run: the output " + in_quotes(command.output) + " is the input itself");
  if (command.output == "-" && run.json && !run.dry_run)
    return usage(
      "penstock run: --json prints the summary where the results go, on standard output; "
      "send those to a file with -o FILE");
  if (command.output == "-" && run.restart)
    return usage("penstock run: --restart has nothing to throw away on standard output");
  return std::nullopt;
}

} // namespace

const std::vector<command_info>& commands() {
  static const std::vector<command_info> all{
    {"run", "Send the requests of a file; write the results in the same order."},
    {"map", "Run a recipe (prompts, schemas, stages) over the rows of a table."},
    {"serve", "Be the head of a cluster: take jobs, keep them durably, share limits among nodes."},
    {"node", "Work for a head: run requests with this machine's connections and keys."},
    {"submit", "Send the requests of a file to a head; write the results as they come."},
    {"jobs", "List the jobs of a head."},
    {"status", "Show where a job stands, and why."},
    {"results", "Fetch the results of a job, also before its end."},
    {"cancel", "Stop a job; what is being sent is aborted."},
    {"retry", "Run again what did not complete of an ended job."},
    {"nodes", "List the nodes of a head."},
    {"lanes", "Show limits, how much of them is in use, pauses and breakers."},
    {"tenants", "Count the requests of each tenant and class by state."},
    {"top", "Watch a head: nodes, lanes, tenants and jobs, once a second."},
    {"mock", "Serve a provider that answers without a model, with limits and faults to order."},
    {"load", "Send the messages of a script to an engine and measure what comes of it."},
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
                   : "penstock run: one INPUT, please; the second is " +
                       in_quotes(raw->positional[1]));
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
                 core::did_you_mean(core::nearest(args.front(), words)));
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

result<parsed_command> parse(const arguments& args, const config::environment& env) {
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
  if (word == "map") {
    auto command = parse_map(rest, env);
    if (!command)
      return command.error();
    if (command->help)
      return print_command{map_help()};
    return std::move(*command);
  }
  if (is_cluster_command(word)) {
    auto command = parse_cluster(word, rest, env);
    if (!command)
      return command.error();
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
               core::did_you_mean(core::nearest(word, names)) + "; penstock help lists all");
}

} // namespace penstock::cli
