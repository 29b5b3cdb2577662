#include "apps/penstock/cli/option_split.hpp"

#include "core/base/suggest.hpp"
#include "config/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iterator>

namespace penstock::cli {

namespace {

using config::in_quotes;

/// The flags of a form, with their dashes, for suggestions.
std::vector<std::string> known_flags(const option_form& form) {
  std::vector<std::string> flags{"--config", "--help", "--help-all"};
  if (form.output)
    flags.push_back("--output");
  for (auto* own : {&form.flags, &form.values})
    for (auto& name : *own)
      flags.push_back("--" + name);
  for (auto& row : config::keys()) {
    if (!form.takes(row))
      continue;
    flags.push_back("--" + std::string{row.flag});
    if (row.kind == config::value_kind::boolean)
      flags.push_back("--no-" + std::string{row.flag});
  }
  return flags;
}

/// Options of other programs, and ours. The first one that the command has is suggested.
constexpr std::pair<std::string_view, std::string_view> other_options[] = {
  {"--api-base", "--base-url"},
  {"--api-key", "--api-key-env"},
  {"--batch-size", "--pack-entries"},
  {"--class", "--priority"},
  {"--concurrency", "--in-flight-max"},
  {"--concurrency", "--slots"},
  {"--endpoint", "--base-url"},
  {"--file", "--output"},
  {"--host", "--listen"},
  {"--jobs", "--in-flight-max"},
  {"--key", "--api-key-env"},
  {"--max-cost", "--budget"},
  {"--max-retries", "--attempts"},
  {"--out", "--output"},
  {"--parallel", "--in-flight-max"},
  {"--port", "--listen"},
  {"--port", "--base-url"},
  {"--provider", "--upstream"},
  {"--rate-limit", "--rpm"},
  {"--retries", "--attempts"},
  {"--server", "--head"},
  {"--threads", "--in-flight-max"},
  {"--url", "--base-url"},
  {"--verbose", "--no-quiet"},
  {"--workers", "--in-flight-max"},
  {"--workers", "--slots"},
};

std::string suggestion_for(std::string_view flag, const option_form& form) {
  const auto known = known_flags(form);
  for (auto& [theirs, ours] : other_options)
    if (theirs == flag && std::ranges::find(known, ours) != known.end())
      return core::did_you_mean(std::string{ours});
  auto candidates = known;
  std::map<std::string, std::string> new_flags; // A misspelt old flag leads to the new one.
  for (auto& row : config::keys())
    if (!row.old_flag.empty() && form.takes(row)) {
      candidates.push_back("--" + std::string{row.old_flag});
      new_flags[candidates.back()] = "--" + std::string{row.flag};
    }
  auto best = core::nearest(flag, candidates);
  if (best && new_flags.contains(*best))
    best = new_flags[*best];
  return core::did_you_mean(best);
}

/// The error for words that CLI11 did not accept: misspelt options first, because they explain
/// others.
error misplaced(const std::vector<std::string>& words, const option_form& form,
                const std::string& command) {
  const auto is_option = [](const std::string& word) {
    return word.size() > 1 && word.starts_with('-');
  };
  const auto option = std::ranges::find_if(words, is_option);
  if (option == words.end())
    return usage(command + ": unexpected " + in_quotes(words.front()));
  const auto flag = option->substr(0, option->find('='));
  return usage(command + ": unknown option " + in_quotes(flag) + suggestion_for(flag, form) + "; " +
               command + " --help lists all");
}

bool takes_run_settings(const config::key_row& row) { return (row.scope & config::in_run) != 0; }

} // namespace

error usage(std::string text) { return {errc::invalid_config, std::move(text)}; }

option_form form_of(option_set set) {
  option_form form;
  switch (set) {
  case option_set::map:
    form.flags = {"check", "retry-failed"};
    form.values = {"sample", "limit", "group-by"};
    form.takes = takes_run_settings;
    break;
  case option_set::run:
    form.flags = {"retry-failed"};
    form.takes = takes_run_settings;
    break;
  case option_set::config_show:
    form.output = form.words = false;
    form.plain_json = true;
    [[fallthrough]];
  case option_set::cluster: form.takes = [](const config::key_row&) { return true; }; break;
  }
  return form;
}

result<raw_options> split(const arguments& args, option_set set, const std::string& command) {
  return split(args, form_of(set), command);
}

result<raw_options> split(const arguments& args, const option_form& form,
                          const std::string& command) {
  raw_options out;
  CLI::App app;
  app.set_help_flag("-h,--help");
  app.set_help_all_flag("--help-all");
  app.allow_extras();
  // The last one wins, so that an alias can carry defaults.
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  std::vector<std::pair<const config::key_row*, CLI::Option*>> options;
  std::vector<std::pair<const config::key_row*, CLI::Option*>> old_switches;
  for (auto& row : config::keys()) {
    if (!form.takes(row))
      continue;
    const auto flag = std::string{row.flag};
    if (form.plain_json && flag == "json") {
      app.add_flag("--json", out.json);
      continue;
    }
    const auto old_flag = row.old_flag.empty() ? "" : ",--" + std::string{row.old_flag};
    auto option = row.kind == config::value_kind::boolean
                    ? app.add_flag("--" + flag + ",!--no-" + flag)
                    : app.add_option("--" + flag + old_flag);
    if (row.kind != config::value_kind::boolean)
      option->type_size(1)->expected(1);
    if (!row.old_false.empty())
      old_switches.emplace_back(&row, app.add_flag("--no-" + flag));
    options.emplace_back(&row, option->multi_option_policy(last));
  }
  app.add_option("--config", out.config_file)->multi_option_policy(last);
  if (form.output)
    app.add_option("-o,--output", out.output)->multi_option_policy(last);
  if (form.words)
    app.add_option("INPUT", out.positional)->expected(0, -1);
  std::map<std::string, CLI::Option*> own;
  for (auto& name : form.flags)
    own[name] = app.add_flag("--" + name);
  for (auto& name : form.values)
    own[name] = app.add_option("--" + name)->type_size(1)->expected(1)->multi_option_policy(last);
  // After two dashes every word is a file.
  const auto dashes = std::ranges::find(args, "--");
  try {
    app.parse(arguments{std::make_reverse_iterator(dashes), args.rend()});
  } catch (const CLI::CallForHelp&) {
    out.help = help_extent::page;
    return out;
  } catch (const CLI::CallForAllHelp&) {
    out.help = help_extent::all;
    return out;
  } catch (const CLI::ArgumentMismatch& e) {
    const std::string_view text = e.what(); // "--rpm: 1 required ..."
    return usage(command + ": " + std::string{text.substr(0, text.find(':'))} + " needs a value");
  } catch (const CLI::ParseError& e) {
    return usage(command + ": " + e.what());
  }
  if (const auto extras = app.remaining(); !extras.empty())
    return misplaced(extras, form, command);
  if (dashes != args.end()) {
    out.positional.insert(out.positional.end(), dashes + 1, args.end());
    if (!form.words && !out.positional.empty())
      return usage(command + ": unexpected " + in_quotes(out.positional.front()));
  }
  for (auto& [name, option] : own)
    if (option->count() > 0)
      out.own[name] = option->results().back();
  for (auto& [row, option] : old_switches)
    if (option->count() > 0)
      out.values.push_back({row, "--no-" + std::string{row->flag}, std::string{row->old_false}});
  for (auto& [row, option] : options)
    if (option->count() > 0)
      out.values.push_back({row, "--" + std::string{row->flag}, option->results().back()});
  return out;
}

result<config::loaded_settings> load(raw_options raw, const config::environment& env) {
  return config::load(
    {.file = std::move(raw.config_file), .env = env, .command_line = std::move(raw.values)});
}

} // namespace penstock::cli
