#include "apps/penstock/map/map_command.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry map_entry{
  .name = "map",
  .summary = "Run a recipe (prompts, schemas, stages) over the rows of a table.",
  .form = {.scope = config::in_run, .without = "run.dry_run"},
  .about =
    R"(Runs a recipe (prompts, schemas, one or more stages) over the rows of a table and writes one row of
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
  --retry-failed              Sends only the rows again that failed, expired or were cancelled; all
                              others keep their answers, the output stands until the new one is whole.
  --group-by COLUMN           One job for each value of a column, served in turn; instead of the
                              recipe's tenant.

A row that fails keeps its place; its error stands in the last column. Interrupted, killed or out of
money? The same command goes on: every answer is kept in OUTPUT.penstock-journal at once.

Input, recipe or a document changed? The same command sends only what has no answer yet: rows that
are as they were keep theirs, wherever they stand, and so do stages whose request is the same. Only
where nothing that is paid for could be kept, --restart has to be said.

While it runs, OUTPUT.status.json tells once a second where each group and stage stands. To cancel a
group, write its name into OUTPUT.cancel (one a line): its open rows end as cancelled, others go on.

Exit codes: 0 all rows completed, 1 some failed or were cancelled, 2 usage, recipe or input, 3 stopped
(budget, billing, disk ...), 130 and 143 interrupted; after 3 and above the same command goes on.
)",
  .examples = R"(  penstock map --check grade.toml submissions.csv
      The first prompt as it will be sent, its schema, its estimated tokens.
  penstock map --sample 5 grade.toml submissions.csv
      Five rows for real, and what all of them will cost.
  penstock map --group-by school grade.toml submissions.csv -o grades.csv
      Schools are served in turn, whatever the order of the rows.
)",
  .run =
    [](const command_entry& entry, const arguments& args, const config::environment& env) {
      return run_parsed(entry, parse_map(args, env), map_main, env);
    },
};

} // namespace penstock::cli
