#include "apps/penstock/cli/option_split.hpp"
#include "config/text.hpp"

#include <charconv>

namespace penstock::cli {

namespace {

using config::in_quotes;

result<uint64_t> row_count(const raw_options& raw, const std::string& name) {
  const auto it = raw.own.find(name);
  if (it == raw.own.end())
    return uint64_t{0};
  uint64_t n = 0;
  const auto* end = it->second.data() + it->second.size();
  const auto* begin = it->second.data();
  if (const auto [at, ec] = std::from_chars(begin, end, n);
      ec != std::errc{} || at != end || n == 0)
    return usage("penstock map: --" + name + " takes a number of rows from 1 on, not " +
                 in_quotes(it->second));
  return n;
}

error misses(const std::vector<std::string>& words) {
  constexpr auto form = "; penstock map [OPTIONS] RECIPE.toml INPUT";
  if (words.empty())
    return usage(std::string{"penstock map: which recipe, and which table?"} + form +
                 "\nFor example:\n  penstock map --upstream mock recipe.toml table.csv");
  if (words.size() == 1)
    return usage("penstock map: which table shall " + in_quotes(words[0]) + " run over?" + form);
  return usage("penstock map: one RECIPE and one INPUT, please; the third word is " +
               in_quotes(words[2]));
}

} // namespace

result<map_command> parse_map(const arguments& args, const config::environment& env) {
  auto raw = split(args, option_set::map, "penstock map");
  if (!raw)
    return raw.error();
  map_command command;
  command.help = raw->help;
  if (command.help != help_extent::none)
    return command;
  if (raw->positional.size() != 2)
    return misses(raw->positional);
  command.recipe = raw->positional[0];
  command.input = raw->positional[1];
  command.output = raw->output.value_or("");
  if (command.input.ends_with(".toml") && !command.recipe.ends_with(".toml"))
    return usage("penstock map: the recipe comes first; penstock map " + command.input + ' ' +
                 command.recipe);
  if (command.recipe.empty() || command.input.empty() || (raw->output && raw->output->empty()))
    return usage("penstock map: a file name is empty");
  if (command.recipe == "-")
    return usage(
      "penstock map: the recipe must be a file; only the table may come from standard input");
  auto limit = row_count(*raw, "limit");
  if (!limit)
    return limit.error();
  auto sample = row_count(*raw, "sample");
  if (!sample)
    return sample.error();
  command.limit = *limit;
  command.sample = *sample;
  command.check = raw->own.contains("check");
  if (auto it = raw->own.find("group-by"); it != raw->own.end())
    command.group_by = it->second;
  if (command.check && command.sample > 0)
    return usage("penstock map: --check sends nothing, --sample does: choose one");
  command.retry_failed = raw->own.contains("retry-failed");
  if (command.retry_failed && (command.check || command.sample > 0))
    return usage(std::string{"penstock map: --retry-failed sends the failed rows of a whole output "
                             "again; leave out "} +
                 (command.check ? "--check" : "--sample"));
  if (command.limit > 0 && command.sample > 0)
    return usage("penstock map: --sample says how many rows to run, so --limit has nothing to say");
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  command.settings = std::move(*loaded);
  const auto& run = command.settings.values.run;
  if (run.dry_run)
    return usage(
      "penstock map: instead of --dry-run, --check shows the first request and sends nothing; "
      "--sample 5 runs five rows and projects the rest");
  if (command.output == "-" && run.json && !command.check)
    return usage(
      "penstock map: --json prints the summary where the results go, on standard output; "
      "send those to a file with -o FILE");
  if (command.output == "-" && run.restart)
    return usage("penstock map: --restart has nothing to throw away on standard output");
  if (command.retry_failed && run.restart)
    return usage("penstock map: --restart throws all answers away and sends every row, "
                 "--retry-failed keeps them and sends the failed rows: choose one");
  if (command.retry_failed && command.output == "-")
    return usage("penstock map: --retry-failed has no answers to keep on standard output; name the "
                 "output with -o FILE");
  return command;
}

} // namespace penstock::cli
