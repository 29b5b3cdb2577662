#include "apps/penstock/cli/options.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "config/load.hpp"
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

/// Faults of combinations of options.
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
  if (!command.retry_failed)
    return std::nullopt;
  if (run.restart)
    return usage("penstock run: --restart throws all answers away, --retry-failed keeps them: "
                 "choose one");
  if (run.dry_run)
    return usage("penstock run: --dry-run looks at the whole input, so --retry-failed has nothing "
                 "to say");
  if (command.input == "-")
    return usage("penstock run: --retry-failed reads the input again: give it a file, not "
                 "standard input");
  if (command.output == "-")
    return usage("penstock run: --retry-failed needs the output of an earlier run; standard output "
                 "holds none");
  return std::nullopt;
}

} // namespace

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
  if (command.help != help_extent::none)
    return command;
  if (raw->positional.size() != 1)
    return usage(
      raw->positional.empty()
        ? "penstock run: which file? penstock run [OPTIONS] INPUT (- is standard input)\nFor "
          "example, without a key and without cost:\n  penstock run --upstream mock "
          "requests.jsonl"
        : "penstock run: one INPUT, please; the second is " + in_quotes(raw->positional[1]));
  command.input = raw->positional.front();
  command.output = raw->output.value_or(default_output(command.input));
  if (command.input.empty() || command.output.empty())
    return usage("penstock run: a file name is empty");
  command.retry_failed = raw->own.contains("retry-failed");
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  command.settings = std::move(*loaded);
  if (auto wrong = contradiction(command))
    return *wrong;
  return command;
}

} // namespace penstock::cli
