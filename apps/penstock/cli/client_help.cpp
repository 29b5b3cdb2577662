#include "apps/penstock/cli/client_help.hpp"

#include "apps/penstock/cli/help.hpp"

#include <algorithm>
#include <array>

namespace penstock::cli {

namespace {

/// What is different from command to command.
struct help_part {
  std::string_view name;
  std::string_view about; ///< What it does, usage and its own options.
  std::string_view examples;
  bool job = false; ///< It takes the settings of a job.
};

constexpr std::string_view submit_about =
  R"(Sends the requests of a JSONL file to a head and writes one result a line, in input order, as they
come. The job is safe once the head has all of it; it runs on, whatever becomes of this command.

Usage: penstock submit [OPTIONS] INPUT

  INPUT                       File as penstock run takes it, also gzipped (.gz), or - for standard
                              input.
  -o, --output FILE           Where results go; - is standard output. Without it INPUT.jsonl gives
                              INPUT.out.jsonl.
  --detach                    Print the number of the job and leave; penstock results fetches it.
  --idempotency-key KEY       What makes this submission the same as an earlier one: the head then
                              answers with the job that it has. Without it a key is made, so that a
                              broken connection never doubles a job.
  --name NAME                 What lists call the job; without it the file's name.
  --patience TIME             How long to look for a head that went away in the middle [10m].

Without --max-in-flight and --window a job runs as wide as the slots of all nodes let it.

Broken off by Ctrl-C, a crash or a lost connection? The same command goes on where it stopped, and
nothing is sent twice. Exit codes: 0 all completed, 1 some failed, 2 usage or input, 3 stopped or the
head is gone, 130 and 143 interrupted (the job goes on).
)";

constexpr std::string_view status_about =
  R"(Shows all about one job: counts, why nothing moves, changes of mode with their reasons, attempts, tokens,
cost.

Usage: penstock status [OPTIONS] JOB

  JOB                         Its number; penstock jobs lists them.
  --follow                    Show progress until the job has ended; then the exit code is that of the
                              job (0 all completed, 1 some failed, 3 stopped by an error).
  --patience TIME             With --follow, how long to look for a head that went away [10m].
)";

constexpr std::string_view results_about =
  R"(Fetches the results of a job, in the order of its requests: those that are there, up to the first gap.

Usage: penstock results [OPTIONS] JOB

  JOB                         Its number; penstock jobs lists them.
  -o, --output FILE           Where they go; without it standard output. A file that holds the start of
                              the same job is continued, also one begun by penstock submit.
  --restart                   Throw away what the file holds.
  --follow                    Wait for the others, until the job has ended.
  --from N                    Begin with the result of request N (the first is 0); such a file cannot be
                              continued later.
  --patience TIME             How long to look for a head that went away in the middle [10m].

Exit codes: 0 done (standard error says whether that is all; with --follow: all completed), 1 some
failed (with --follow), 2 usage, 3 stopped or the head is gone, 130 and 143 interrupted.
)";

constexpr std::array parts{
  help_part{"submit", submit_about, R"(  penstock submit requests.jsonl
      Follows the job on the head of this machine; writes requests.out.jsonl.
  penstock submit --head head.internal:7117 --tls-cert me.pem --tls-key me.key --tls-ca ca.pem in.jsonl
      Another machine: both ends show certificates of the same authority.
  job=$(penstock submit --detach --tenant nightly --priority bulk in.jsonl)
      Leaves the job with the head; penstock results $job --follow -o out.jsonl fetches it.
)",
            true},
  help_part{"jobs", R"(Lists the jobs of a head, the newest first.

Usage: penstock jobs [OPTIONS]

  --tenant NAME               Only those of this tenant.
  --all                       Those that have ended, too.
  --count N                   The newest N [100].
)",
            R"(  penstock jobs --all --tenant nightly
  penstock jobs --json | jq '.jobs[] | select(.failed > 0) | .job'
)"},
  help_part{"status", status_about, R"(  penstock status 17
  penstock status 17 --follow && echo all completed
)"},
  help_part{"results", results_about, R"(  penstock results 17 | head -3
      A first look while the job runs.
  penstock results 17 --follow -o out.jsonl
      All of it; broken off, the same command goes on.
)"},
  help_part{
    "cancel",
    R"(Cancels a job: requests that are being sent are aborted, those that wait are never sent; both get the
outcome "cancelled". What had completed stays.

Usage: penstock cancel [OPTIONS] JOB
)",
    R"(  penstock cancel 17
)"},
  help_part{
    "retry",
    R"(Takes a job up again that has ended: its requests that are not completed run once more, the others keep
their results.

Usage: penstock retry [OPTIONS] JOB
)",
    R"(  penstock retry 17 && penstock results 17 --follow -o again.jsonl
)"},
  help_part{
    "nodes",
    R"(Lists the nodes of a head: slots, what they run, how long ago they gave a sign of life.

Usage: penstock nodes [OPTIONS]
)",
    R"(  penstock nodes --json | jq '[.nodes[].slots] | add'
)"},
  help_part{
    "lanes",
    R"(Shows the lanes of a head: limits, how much of them went through in the last minute, requests in flight
(of how many; ~ where the width is being looked for) and waiting, pauses, breakers.

Usage: penstock lanes [OPTIONS]
)",
    R"(  penstock lanes
)"},
  help_part{
    "tenants",
    R"(Counts the requests of each tenant and class: pending (safe, not begun), scheduled (held back by a lane
or until the next mode), processing (in flight), and what became of the others.

Usage: penstock tenants [OPTIONS]
)",
    R"(  penstock tenants
)"},
  help_part{
    "top",
    R"(Watches a head: nodes, lanes, tenants and jobs, drawn anew once a second. q or Ctrl-C leaves.

Usage: penstock top [OPTIONS]

  --once                      Print one look and leave; so does standard output that is no terminal.
  --every TIME                Time between two looks [1s].
)",
    R"(  penstock top --head 127.0.0.1:7117
)"},
};

} // namespace

std::string client_help(std::string_view name) {
  const auto part = std::ranges::find(parts, name, &help_part::name);
  if (part == parts.end())
    return {};
  std::string out{part->about};
  if (part->job)
    out += "\nThe job:\n" + option_entries(job_keys());
  out += "\nThe head, and what is printed:\n" + option_entries(client_keys());
  return out +
         "  --config FILE               Configuration file. [PENSTOCK_CONFIG, default "
         "penstock.toml if it\n"
         "                              exists]\n  -h, --help                  Print "
         "this.\n\nExamples:\n" +
         std::string{part->examples};
}

} // namespace penstock::cli
