#include "apps/penstock/cli/config_command.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "config/load.hpp"
#include "config/show.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"

namespace penstock::cli {

using config::in_quotes;

const command_entry config_entry{
  .name = "config",
  .summary = "Show the settings in force and where each came from; print the reference.",
  .form = {.scope = 0},
  .about = R"(Shows what Penstock is configured to do.

Usage: penstock config show [--json] [OPTIONS]
       penstock config reference

  show                        Every setting with its value and where that came from. Takes the
                              options of penstock run, so that a command line can be tried.
  reference                   All settings as Markdown: key, option, variable, default, range, meaning.
  --json                      As JSON: durations in seconds, sizes in bytes.
)",
  .examples = {},
  .run =
    [](const command_entry&, const arguments& args, const config::environment& env) {
      const auto text = config_text(args, env);
      return text ? print_text(*text) : complain_usage(text.error());
    },
};

result<std::string> config_text(const arguments& args, const config::environment& env) {
  const std::vector<std::string> words{"show", "reference"};
  if (args.empty() || args.front() == "--help" || args.front() == "-h" ||
      args.front() == "--help-all")
    return help_of(config_entry, help_extent::page);
  const arguments rest{args.begin() + 1, args.end()};
  if (args.front() == "reference") {
    if (!rest.empty())
      return usage("penstock config reference: unexpected " + in_quotes(rest.front()));
    return config::reference_markdown();
  }
  if (args.front() != "show")
    return usage("penstock config: unknown command " + in_quotes(args.front()) +
                 core::did_you_mean(core::nearest(args.front(), words)));
  auto raw = split(rest, option_set::config_show, "penstock config show");
  if (!raw)
    return raw.error();
  if (raw->help != help_extent::none)
    return help_of(config_entry, help_extent::page);
  const bool json = raw->json;
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  return json ? config::show_json(*loaded, env) : config::show(*loaded, env);
}

} // namespace penstock::cli
