#include "apps/penstock/map/map_command.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry map_entry{
  .name = "map",
  .summary = "Run a recipe (prompts, schemas, stages) over the rows of a table.",
  .form = {.scope = config::in_run, .without = "run.dry_run"},
  .about =
    R"(Runs a recipe (prompts, schemas, one or more stages) over the rows of a table and writes one row of
results for each row, in the order of the input.

Usage: penstock map [OPTIONS] RECIPE.toml INPUT

  RECIPE.toml                 Prompts and output columns; see config/recipe.example.toml.
  INPUT                       CSV or TSV with a header line, an Excel workbook (XLSX), or JSONL with
                              one object per line; also gzipped (.gz), or - for standard input (the
                              recipe names its format). Recognized: the separator (, ; tab |), UTF-16,
                              Windows-1252. In the recipe: input.separator, input.sheet, output.bom
                              (mark for Excel), output.csv_formulas (keep or escape = + - @).
  -o, --output FILE           File for the rows: .csv, .tsv or .jsonl; - is standard output. Without it
                              INPUT.csv gives INPUT.out.csv (or what the recipe says).
  --check                     Checks recipe and input, prints the first request; sends no request.
  --sample N                  Runs N rows into OUTPUT.sample and estimates cost and time of the rest.
                              The whole map uses their answers and does not pay for them again.
  --limit N                   Runs only the first N rows. Without it, a later map goes on after them.
  --retry-failed              Sends only rows again that failed, expired or were cancelled. The others
                              keep their answers. The old output stays until the new one is complete.
  --group-by COLUMN           One job for each value of a column, served in turn; replaces the
                              tenant of the recipe.

A failed row keeps its place and has its error in the last column. After an interruption, a kill or the
end of the budget, the same command goes on: every answer is stored in OUTPUT.penstock-journal at once.

After a change of the input, the recipe or a document, the same command sends only requests without an
answer: unchanged rows keep their answers, also at another place, and so do stages with an unchanged
request. --restart is needed only if no paid answer could be kept.

While it runs, OUTPUT.status.json has the progress of each group and stage, once a second. To cancel a
group, write its name to OUTPUT.cancel (one per line): its open rows end as cancelled, others go on.

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
