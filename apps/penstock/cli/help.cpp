#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/cli/options.hpp"
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

/// A heading of the help and the keys below it, in their order.
struct help_group {
  std::string_view title;
  std::vector<std::string_view> keys;
};

const std::vector<help_group>& groups() {
  static const std::vector<help_group> all{
    {"Where requests go",
     {"upstream.protocol", "upstream.base_url", "upstream.api_key_env", "upstream.api_key_file",
      "upstream.ca_file", "upstream.mock_options", "upstream.null_latency", "run.model"}},
    {"What the provider allows (0 is no limit)",
     {"upstream.limits.rpm", "upstream.limits.rpd", "upstream.limits.tpm", "upstream.limits.itpm",
      "upstream.limits.otpm", "upstream.limits.headroom", "upstream.limits.adaptive",
      "upstream.limits.burst", "run.max_in_flight", "upstream.limits.in_flight",
      "upstream.limits.adaptive_in_flight", "upstream.limits.ramp", "upstream.limits.ramp_every"}},
    {"How the job runs",
     {"run.mode", "run.tenant", "run.priority", "run.strict", "run.restart", "run.dry_run",
      "run.deadline", "run.grace_period", "run.seed"}},
    {"Several requests in one prompt",
     {"pack.automatic", "pack.entries_max", "pack.tokens_max", "pack.canary"}},
    {"When something fails",
     {"run.attempts", "run.timeout", "run.idle_timeout", "run.connect_timeout",
      "run.breaker_trips_after", "run.breaker_open_for", "routing.route_patience",
      "routing.hedge_budget"}},
    {"What need not be asked twice", {"cache.mode", "cache.file", "cache.ttl", "cache.bytes_max"}},
    {"What is printed",
     {"run.quiet", "run.json", "run.budget", "upstream.price_input", "upstream.price_output"}},
    {"Bounds of memory",
     {"run.window_requests", "run.window_bytes", "run.body_max", "run.line_max"}},
  };
  return all;
}

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

std::string option_entries(std::span<const std::string_view> keys) {
  std::string out;
  for (auto key : keys)
    out += option_entry(*config::find_key(key));
  return out;
}

std::string run_options(std::string_view without) {
  std::string out;
  for (auto& group : groups()) {
    out += "\n" + std::string{group.title} + ":\n";
    for (auto key : group.keys)
      if (key != without)
        out += option_entry(*config::find_key(key));
  }
  return out;
}

std::string version_line() { return "penstock " PENSTOCK_VERSION "\n"; }

std::string overview() {
  std::string out =
    "Penstock sends large sets of LLM requests as fast as the provider's limits allow: results "
    "in\ninput order, nothing lost, nothing paid for twice.\n\nUsage: penstock COMMAND ...\n\n"
    "Commands:\n";
  for (auto& command : commands())
    out += entry(std::string{command.name}, std::string{command.summary});
  return out + R"(
A first run, without a key and without cost:
  penstock run --upstream mock requests.jsonl

penstock help COMMAND explains one; penstock --version prints the version.
)";
}

std::string run_help() {
  return R"(Sends every request of a JSONL file to a provider and writes one result a line, in input order.

Usage: penstock run [OPTIONS] INPUT

  INPUT                       File with one request a line in the provider's batch form
                              ({"custom_id", "method", "url", "body"}), also gzipped (.gz), or - for
                              standard input.
  -o, --output FILE           Where results go; - is standard output. Without it INPUT.jsonl gives
                              INPUT.out.jsonl.
  --config FILE               Configuration file. [PENSTOCK_CONFIG, default penstock.toml if it
                              exists]
  -h, --help                  Print this.

The command line wins over the environment [NAME in brackets], that over the configuration file.
Durations: 90s, 10m, 1h30m, 500ms, or seconds. Sizes: 32MB, 64KiB, or bytes. A switch that a file or
variable has turned on is turned off with --no-NAME.
)" + run_options() +
         R"(
Examples:
  penstock run --dry-run --rpm 500 --tpm 200000 requests.jsonl
      What it will take: requests, tokens, the limit that binds, time, cost.
  OPENAI_API_KEY=... penstock run --rpm 500 --tpm 200000 requests.jsonl
      Writes requests.out.jsonl. Interrupted? The same command goes on where it stopped.
  penstock run --base-url http://localhost:8000/v1 --max-in-flight 64 -o out.jsonl requests.jsonl
      A server of your own: no key, no limits, 64 at once.
  zcat big.jsonl.gz | penstock run --upstream mock - > out.jsonl
      The built-in mock as the provider, in a pipe.
)";
}

std::string map_help() {
  return R"(Runs a recipe (prompts, schemas, one or more stages) over the rows of a table and writes one row of
results for each, in the order of the input.

Usage: penstock map [OPTIONS] RECIPE.toml INPUT

  RECIPE.toml                 What to ask, and what comes out; config/recipe.example.toml explains it.
  INPUT                       CSV or TSV with a header line, an Excel workbook (XLSX), or JSONL with
                              one object a line; also gzipped (.gz), or - for standard input (the
                              recipe names its format). Recognized: the separator (, ; tab |), UTF-16,
                              Windows-1252. In the recipe: input.separator, input.sheet, output.bom
                              (mark for Excel), output.csv_formulas (keep or escape = + - @).
  -o, --output FILE           Where rows go: .csv, .tsv or .jsonl; - is standard output. Without it
                              INPUT.csv gives INPUT.out.csv (or what the recipe says).
  --check                     Checks recipe and input, prints the first request; sends nothing.
  --sample N                  Runs N rows into OUTPUT.sample and projects cost and time of the rest.
                              Their answers are kept: the whole map does not pay for them again.
  --limit N                   Runs the first N rows only; without it the map goes on behind them.
  --group-by COLUMN           One job for each value of a column, served in turn; instead of the
                              recipe's tenant.
  --config FILE               Configuration file. [PENSTOCK_CONFIG, default penstock.toml if it
                              exists]
  -h, --help                  Print this.

A row that fails keeps its place; its error stands in the last column. Interrupted, killed or out of
money? The same command goes on: every answer is kept in OUTPUT.penstock-journal at once.

While it runs, OUTPUT.status.json tells once a second where each group and stage stands. To cancel a
group, write its name into OUTPUT.cancel (one a line): its open rows end as cancelled, others go on.

Exit codes: 0 all rows completed, 1 some failed or were cancelled, 2 usage, recipe or input, 3 stopped
(budget, billing, disk ...), 130 and 143 interrupted; after 3 and above the same command goes on.
)" + run_options("run.dry_run") +
         R"(
Examples:
  penstock map --check grade.toml submissions.csv
      The first prompt as it will be sent, its schema, its estimated tokens.
  penstock map --sample 5 grade.toml submissions.csv
      Five rows for real, and what all of them will cost.
  penstock map --group-by school grade.toml submissions.csv -o grades.csv
      Schools are served in turn, whatever the order of the rows.
)";
}

std::string config_help() {
  return R"(Shows what Penstock is configured to do.

Usage: penstock config show [--json] [OPTIONS]
       penstock config reference

  show                        Every setting with its value and where that came from. Takes the
                              options of penstock run, so that a command line can be tried.
  reference                   All settings as Markdown: key, option, variable, default, range, meaning.
  --json                      As JSON: durations in seconds, sizes in bytes.
)";
}

} // namespace penstock::cli
