#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/cli/command_entry.hpp"
#include "config/keys.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace penstock::cli {

namespace {

constexpr size_t width = 100;
constexpr size_t text_column = 30;

/// The heading of a group, in the order of the help: groups of the cluster come first.
struct group_heading {
  config::help_group group;
  std::string_view title;
};

constexpr group_heading headings[] = {
  {config::help_group::head, "The head"},
  {config::help_group::node, "The cluster"},
  {config::help_group::trust, "Certificates (all three or none; none: this machine only)"},
  {config::help_group::signs, "Lost nodes"},
  {config::help_group::provider, "Where requests go"},
  {config::help_group::limits, "What the provider allows (0: no limit)"},
  {config::help_group::job, "How the job runs"},
  {config::help_group::packs, "Several requests in one prompt"},
  {config::help_group::failures, "When something fails"},
  {config::help_group::cache, "Response cache"},
  {config::help_group::printed, "Prices, and what is printed"},
  {config::help_group::memory, "Limits of memory"},
};

/// A help with more settings than this shows only the everyday ones, unless all are requested.
constexpr size_t settings_of_a_page = 20;

/// `text` broken at blanks, all lines but the first indented to the text column.
std::string wrapped(const std::string& text) {
  std::istringstream words{text};
  std::string out, word;
  size_t column = text_column;
  while (words >> word) {
    if (column > text_column && column + 1 + word.size() > width) {
      out += "\n" + std::string(text_column, ' ');
      column = text_column;
    } else if (column > text_column) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

/// One option and its text.
std::string entry(std::string head, const std::string& text) {
  head = "  " + head;
  if (head.size() + 1 >= text_column)
    head += "\n" + std::string(text_column, ' ');
  else
    head.resize(text_column, ' ');
  return head + wrapped(text) + "\n";
}

std::string option_entry(const config::key_row& row) {
  const auto preset = config::read(row, config::settings{});
  const bool on = preset == config::scalar{true};
  std::string head = std::string{"--"} + (on ? "no-" : "") + std::string{row.flag};
  if (!row.placeholder.empty())
    head += " " + std::string{row.placeholder};
  std::string text{row.help};
  if (on)
    text = "Do not " + core::to_lower(text.substr(0, 1)) + text.substr(1);
  if (!row.choices.empty()) {
    text += " One of";
    for (auto& word : row.choices)
      text += (word == row.choices.front() ? " " : ", ") + std::string{word};
    text += ".";
  }
  text += " [" + row.env_name();
  if (row.kind != config::value_kind::boolean && preset != config::scalar{std::string{}})
    text += ", default " + config::format(row, preset);
  return entry(head, text + "]");
}

} // namespace

std::string help_of(const command_entry& command, help_extent extent) {
  std::vector<const config::key_row*> rows;
  for (auto& row : config::keys())
    if ((row.scope & command.form.scope) != 0 && row.name != command.form.without)
      rows.push_back(&row);
  std::string out{command.about};
  if (rows.empty())
    return out;
  const bool page = extent == help_extent::page && rows.size() > settings_of_a_page;
  for (auto& heading : headings) {
    std::string entries;
    for (auto* row : rows)
      if (row->group == heading.group && (!page || row->everyday || row->is_cluster()))
        entries += option_entry(*row);
    if (!entries.empty())
      out += "\n" + std::string{heading.title} + ":\n" + entries;
  }
  out += "\nAlways:\n";
  out += entry("--config FILE", "Configuration file. [PENSTOCK_CONFIG, default penstock.toml if it "
                                "exists]");
  out += entry("-h, --help", "Print this page.");
  if (rows.size() > settings_of_a_page)
    out += entry("--help-all", "Print all " + std::to_string(rows.size()) + " settings.");
  return command.examples.empty() ? out : out + "\nExamples:\n" + std::string{command.examples};
}

std::string version_line() { return "penstock " PENSTOCK_VERSION "\n"; }

std::string overview(command_table table) {
  std::string out =
    "Penstock sends large sets of LLM requests as fast as the provider's limits allow: results "
    "in\ninput order, nothing lost, nothing paid for twice.\n\nUsage: penstock COMMAND ...\n\n"
    "Commands:\n";
  for (auto* command : table)
    out += entry(std::string{command->name}, std::string{command->summary});
  out += entry("help", "Print this, or the help of a command.");
  out += entry("version", "Print the version.");
  return out + R"(
A first run, without a key and without cost:
  penstock run --upstream mock requests.jsonl

penstock help COMMAND explains one.
)";
}

} // namespace penstock::cli
