#include "apps/penstock/cli/command_entry.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <string_view>

namespace penstock::cli {

namespace {

using config::in_quotes;

option_form form_of(const command_form& command) {
  option_form form;
  form.flags = command.flags;
  form.values = command.values;
  form.output = command.output;
  form.takes = [scope = command.scope, all = command.every_setting](const config::key_row& row) {
    return all || (row.scope & scope) != 0;
  };
  return form;
}

/// Checks the number of words without dashes.
result<void> check_words(const command_entry& entry, const std::vector<std::string>& words) {
  const auto& form = entry.form;
  const auto command = "penstock " + std::string{entry.name};
  const auto wanted =
    command + " [OPTIONS]" + (form.word.empty() ? "" : " " + std::string{form.word});
  if (form.word.empty())
    return words.empty()
             ? result<void>{}
             : usage(command + ": unexpected " + in_quotes(words.front()) + "; " + wanted);
  if (words.size() == 1 && !words.front().empty())
    return {};
  if (words.size() > 1)
    return usage(command + ": one " + std::string{form.word} + ", please; the second is " +
                 in_quotes(words[1]));
  if (form.word == "JOB")
    return usage(command + ": which job? " + wanted + "; penstock jobs lists them");
  return usage(command + ": which file? " + wanted +
               " (- is standard input)\nFor example:\n  penstock submit requests.jsonl");
}

} // namespace

result<cluster_command> parse_cluster(const command_entry& entry, const arguments& args,
                                      const config::environment& env) {
  const std::string name{entry.name};
  auto raw = split(args, form_of(entry.form), "penstock " + name);
  if (!raw)
    return raw.error();
  cluster_command command;
  command.name = name;
  command.help = raw->help;
  if (command.help != help_extent::none)
    return command;
  if (auto fit = check_words(entry, raw->positional); !fit)
    return fit.error();
  if (raw->output && raw->output->empty())
    return usage("penstock " + name + ": a file name is empty");
  command.positional = std::move(raw->positional);
  command.output = std::move(raw->output);
  command.own = std::move(raw->own);
  auto loaded = load(std::move(*raw), env);
  if (!loaded)
    return loaded.error();
  command.settings = std::move(*loaded);
  return command;
}

} // namespace penstock::cli
