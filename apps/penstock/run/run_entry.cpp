#include "apps/penstock/run/run_command.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry run_entry{
  .name = "run",
  .summary = "Send the requests of a file; write the results in the same order.",
  .form = {.scope = config::in_run},
  .about =
    R"(Sends every request of a JSONL file to a provider and writes one result per line, in input order.

Usage: penstock run [OPTIONS] INPUT

  INPUT                       File with one request per line in the provider's batch form
                              ({"custom_id", "method", "url", "body"}), also gzipped (.gz), or - for
                              standard input.
  -o, --output FILE           Where results go; - is standard output. Without it INPUT.jsonl gives
                              INPUT.out.jsonl.
  --retry-failed              Send only the requests again that failed, expired or were cancelled.
                              All others keep their answers, and the output stays as it was until
                              the new one is whole.

The command line wins over the environment [NAME in brackets], the environment over the
configuration file. Durations: 90s, 10m, 1h30m, 500ms, or seconds. Sizes: 32MB, 64KiB, or bytes.
--no-NAME turns off a switch that a file or variable has turned on.
)",
  .examples = R"(  penstock run --dry-run --rpm 500 --tpm 200000 requests.jsonl
      What it will take: requests, tokens, the limit that binds, time, cost.
  OPENAI_API_KEY=... penstock run --rpm 500 --tpm 200000 requests.jsonl
      Writes requests.out.jsonl. Interrupted? The same command goes on where it stopped.
  penstock run --retry-failed requests.jsonl
      Sends only what failed again, into the same output; a changed input needs no option at all.
  penstock run --base-url http://localhost:8000/v1 --in-flight-max 64 -o out.jsonl requests.jsonl
      A server of your own: no key, no limits, 64 at once.
  zcat big.jsonl.gz | penstock run --upstream mock - > out.jsonl
      The built-in mock as the provider, in a pipe.
)",
  .run =
    [](const command_entry& entry, const arguments& args, const config::environment& env) {
      return run_parsed(entry, parse_run(args, env), run_main, env);
    },
};

} // namespace penstock::cli
