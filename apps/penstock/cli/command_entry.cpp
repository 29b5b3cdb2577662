#include "apps/penstock/cli/command_entry.hpp"
#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "core/base/suggest.hpp"
#include "config/text.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace penstock::cli {

namespace {

/// Names of our commands in other programs.
constexpr std::pair<std::string_view, std::string_view> other_names[] = {
  {"server", "serve"},    {"head", "serve"},  {"worker", "node"}, {"list", "jobs"},
  {"ls", "jobs"},         {"kill", "cancel"}, {"stop", "cancel"}, {"fetch", "results"},
  {"output", "results"},  {"resume", "run"},  {"batch", "run"},   {"bench", "load"},
  {"settings", "config"},
};

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  for (auto& [theirs, ours] : other_names)
    if (theirs == word)
      return core::did_you_mean(std::string{ours});
  return core::did_you_mean(core::nearest(word, names));
}

} // namespace

result<chosen_command> choose(command_table table, const arguments& args) {
  const auto text = [](std::string what) { return chosen_command{nullptr, {}, std::move(what)}; };
  const auto is_help = [](std::string_view word) {
    return word == "help" || word == "--help" || word == "-h" || word == "--help-all";
  };
  if (args.empty())
    return text(overview(table));
  auto word = args.front();
  arguments rest{args.begin() + 1, args.end()};
  if (word == "--version" || word == "-V" || word == "version")
    return text(version_line());
  if (is_help(word)) {
    const auto named = std::ranges::find_if_not(rest, is_help);
    if (named == rest.end())
      return text(overview(table));
    // "help run" and "run --help" are the same.
    const bool all = word == "--help-all" || std::ranges::find(rest, "--help-all") != rest.end();
    word = *named;
    rest = {all ? "--help-all" : "--help"};
  }
  std::vector<std::string> names{"help", "version"};
  for (auto* entry : table) {
    if (entry->name == word)
      return chosen_command{entry, rest, {}};
    names.emplace_back(entry->name);
  }
  return usage("penstock: unknown command " + config::in_quotes(word) + suggestion(word, names) +
               "; penstock help lists all");
}

int complain_usage(const error& e) {
  std::fprintf(stderr, "%s%s\n",
               e.context.starts_with("penstock") ? "" : "penstock: ", e.context.c_str());
  return exit_usage;
}

int print_text(const std::string& text) {
  std::cout << text << (text.empty() || text.ends_with('\n') ? "" : "\n") << std::flush;
  return 0;
}

} // namespace penstock::cli
