#include "apps/penstock/client/client_entries.hpp"
#include "apps/penstock/client/job_commands.hpp"
#include "apps/penstock/client/submit_command.hpp"
#include "apps/penstock/client/top_command.hpp"
#include "apps/penstock/client/view_commands.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry submit_entry{
  .name = "submit",
  .summary = "Send the requests of a file to a head; write the results as they come.",
  .form = {.scope = config::in_job | config::in_client,
           .word = "INPUT",
           .output = true,
           .flags = {"detach"},
           .values = {"idempotency-key", "name", "patience"}},
  .about =
    R"(Sends the requests of a JSONL file to a head and writes one result per line, in input order, as they
come. When the head has the whole job, it is safe and goes on, even if this command ends.

Usage: penstock submit [OPTIONS] INPUT

  INPUT                       File as for penstock run, also gzipped (.gz), or - for standard input.
  -o, --output FILE           File for the results; - is standard output. Without it INPUT.jsonl gives
                              INPUT.out.jsonl.
  --detach                    Print the number of the job and leave; penstock results fetches it.
  --idempotency-key KEY       A submission with the key of an earlier one gives the same job.
                              Without it a key is generated, so that a broken connection never
                              makes a second job.
  --name NAME                 Name of the job in lists; without it the name of the file.
  --patience TIME             How long to look for a lost head [10m].

Without --in-flight-max and --window only the slots of all nodes limit the width of a job.

Broken off by Ctrl-C, a crash or a lost connection? The same command goes on where it stopped, and
nothing is sent twice. After penstock retry JOB it brings the output up to date. Exit codes: 0 all
completed, 1 some failed, 2 usage or input, 3 stopped or the head is gone, 130 and 143 interrupted (the
job goes on).
)",
  .examples = R"(  penstock submit requests.jsonl
      Follows the job on the head of this machine; writes requests.out.jsonl.
  penstock submit --head head.internal:7117 --tls-cert me.pem --tls-key me.key --tls-ca ca.pem in.jsonl
      Another machine: both ends show certificates of the same authority.
  job=$(penstock submit --detach --tenant nightly --priority bulk in.jsonl)
      Leaves the job with the head; penstock results $job --follow -o out.jsonl fetches it.
)",
  .run = run_cluster<submit_main>,
};

const command_entry jobs_entry{
  .name = "jobs",
  .summary = "List the jobs of a head.",
  .form = {.scope = config::in_client, .flags = {"all"}, .values = {"tenant", "count"}},
  .about = R"(Lists the jobs of a head, newest first.

Usage: penstock jobs [OPTIONS]

  --tenant NAME               Only jobs of this tenant.
  --all                       Also jobs that have ended.
  --count N                   Only the newest N jobs [100].
)",
  .examples = R"(  penstock jobs --all --tenant nightly
  penstock jobs --json | jq '.jobs[] | select(.failed > 0) | .job'
)",
  .run = run_cluster<jobs_main>,
};

const command_entry status_entry{
  .name = "status",
  .summary = "Show where a job stands, and why.",
  .form = {.scope = config::in_client, .word = "JOB", .flags = {"follow"}, .values = {"patience"}},
  .about =
    R"(Shows everything about one job: counts, why it waits, changes of mode with their reasons, attempts,
tokens, cost.

Usage: penstock status [OPTIONS] JOB

  JOB                         Its number; penstock jobs lists them.
  --follow                    Show progress until the job has ended; then the exit code is that of the
                              job (0 all completed, 1 some failed, 3 stopped by an error).
  --patience TIME             With --follow, how long to look for a lost head [10m].
)",
  .examples = R"(  penstock status 17
  penstock status 17 --follow && echo all completed
)",
  .run = run_cluster<status_main>,
};

const command_entry results_entry{
  .name = "results",
  .summary = "Fetch the results of a job, also before its end.",
  .form = {.scope = config::in_client | config::in_results,
           .word = "JOB",
           .output = true,
           .flags = {"follow"},
           .values = {"from", "patience"}},
  .about =
    R"(Fetches the results of a job, in the order of its requests, up to the first missing one.

Usage: penstock results [OPTIONS] JOB

  JOB                         Its number; penstock jobs lists them.
  -o, --output FILE           Where they go; without it standard output. A file that holds the start of
                              the same job is continued, also one begun by penstock submit. After
                              penstock retry JOB its lines that did not complete are fetched again.
  --follow                    Wait for the others, until the job has ended.
  --from N                    Begin with the result of request N (the first is 0); such a file cannot be
                              continued later.
  --patience TIME             How long to look for a lost head [10m].

Exit codes: 0 done (standard error says whether these are all; with --follow: all completed), 1 some
failed (with --follow), 2 usage, 3 stopped or the head is gone, 130 and 143 interrupted.
)",
  .examples = R"(  penstock results 17 | head -3
      A first look while the job runs.
  penstock results 17 --follow -o out.jsonl
      All of it; broken off, the same command goes on.
)",
  .run = run_cluster<results_main>,
};

const command_entry cancel_entry{
  .name = "cancel",
  .summary = "Stop a job; what is being sent is aborted.",
  .form = {.scope = config::in_client, .word = "JOB"},
  .about =
    R"(Cancels a job: aborts requests in flight and does not send the waiting ones; both get the outcome
"cancelled". Completed requests keep their results.

Usage: penstock cancel [OPTIONS] JOB
)",
  .examples = R"(  penstock cancel 17
)",
  .run = run_cluster<cancel_main>,
};

const command_entry retry_entry{
  .name = "retry",
  .summary = "Run again what did not complete of an ended job.",
  .form = {.scope = config::in_client, .word = "JOB"},
  .about =
    R"(Starts an ended job again: requests that are not completed run once more, the others keep their
results.

Usage: penstock retry [OPTIONS] JOB
)",
  .examples = R"(  penstock retry 17 && penstock results 17 --follow -o out.jsonl
)",
  .run = run_cluster<retry_main>,
};

const command_entry nodes_entry{
  .name = "nodes",
  .summary = "List the nodes of a head.",
  .form = {.scope = config::in_client},
  .about =
    R"(Lists the nodes of a head: slots, running requests, time since the last heartbeat.

Usage: penstock nodes [OPTIONS]
)",
  .examples = R"(  penstock nodes --json | jq '[.nodes[].slots] | add'
)",
  .run = run_cluster<nodes_main>,
};

const command_entry lanes_entry{
  .name = "lanes",
  .summary = "Show limits, how much of them is in use, pauses and breakers.",
  .form = {.scope = config::in_client},
  .about =
    R"(Shows the lanes of a head: limits, their use in the last minute, requests in flight (of how many; ~ if
the width is adaptive) and waiting, pauses, breakers.

Usage: penstock lanes [OPTIONS]
)",
  .examples = R"(  penstock lanes
)",
  .run = run_cluster<lanes_main>,
};

const command_entry tenants_entry{
  .name = "tenants",
  .summary = "Count the requests of each tenant and priority by state.",
  .form = {.scope = config::in_client},
  .about =
    R"(Counts the requests of each tenant and priority: pending (stored, not begun), scheduled (held by a lane
or until the next mode), processing (in flight), and ended ones by their state.

Usage: penstock tenants [OPTIONS]
)",
  .examples = R"(  penstock tenants
)",
  .run = run_cluster<tenants_main>,
};

const command_entry top_entry{
  .name = "top",
  .summary = "Watch a head: nodes, lanes, tenants and jobs, once a second.",
  .form = {.scope = config::in_client, .flags = {"once"}, .values = {"every"}},
  .about =
    R"(Watches a head: nodes, lanes, tenants and jobs, updated once a second. q or Ctrl-C ends it.

Usage: penstock top [OPTIONS]

  --once                      Print once and end; this is the default if the output is not a terminal.
  --every TIME                Time between two updates [1s].
)",
  .examples = R"(  penstock top --head 127.0.0.1:7117
)",
  .run = run_cluster<top_main>,
};

} // namespace penstock::cli
