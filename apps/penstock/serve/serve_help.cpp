#include "apps/penstock/cli/help.hpp"
#include "apps/penstock/serve/node_command.hpp"
#include "apps/penstock/serve/serve_command.hpp"

namespace penstock::cli {

std::string serve_help() {
  constexpr std::string_view head[] = {"cluster.listen", "serve.store", "serve.retention",
                                       "cluster.slots"};
  constexpr std::string_view trust[] = {"cluster.tls_cert", "cluster.tls_key", "cluster.tls_ca"};
  constexpr std::string_view nodes[] = {"cluster.heartbeat", "cluster.lost_after"};
  return R"(Serves a cluster: takes jobs from `penstock submit` and programs, keeps them in a file, gives their
requests to nodes (and to slots of its own), and holds all of them to the limits of the providers.

Usage: penstock serve [OPTIONS]

What it serves:
)" + option_entries(head) +
         R"(  --config FILE               Configuration file. [PENSTOCK_CONFIG, default penstock.toml if it
                              exists]
  -h, --help                  Print this.

Whom it trusts:
)" + option_entries(trust) +
         R"(
All three or none. With them only peers with a certificate of the same CA get in (any of them: there
are no roles); without them only this machine does, and everybody on it. config/make-certs.sh makes
certificates to try with.

Nodes of other processes:
)" + option_entries(nodes) +
         R"(
The first line on standard output is "listening on HOST:PORT" (port 0: any free one), with --json
{"event":"listening","address":...,"host":...,"port":...}; what happens is told line by line on
standard error.

Jobs are acknowledged when they are safe on disk. Killed or stopped, the head goes on with every job
when it is started on the same file; nodes and clients find it again by themselves. SIGTERM or Ctrl-C
lets finish what is in flight (at most --grace-period), twice stops at once.

The options below say what the providers allow, as for `penstock run`. Limits hold for the whole
cluster; --max-in-flight bounds nothing here, the slots of all nodes do. Nodes read upstreams and keys
of their own settings, the head sends them none: give all of them the same configuration file. A head
with --slots 0 needs no keys. --upstream mock serves the head's own slots alone; for a cluster against
a mock start `penstock mock` and name its --base-url everywhere.

Exit codes: 0 stopped as asked, 2 usage or configuration, 3 the store, the port or the engine failed.
)" + run_options() +
         R"(
Examples:
  penstock serve --store jobs.db --rpm 500
      A head for this machine with 256 slots of its own.
  penstock serve --listen 0.0.0.0:7117 --slots 0 --tls-cert head.pem --tls-key head.key --tls-ca ca.pem
      A head that leaves the work to nodes on other machines.
)";
}

std::string node_help() {
  constexpr std::string_view own[] = {"cluster.head", "cluster.slots", "cluster.node_name"};
  constexpr std::string_view trust[] = {"cluster.tls_cert", "cluster.tls_key", "cluster.tls_ca"};
  return R"(Works for the head of a cluster: sends requests that the head hands out, within limits that the head
keeps for all nodes together.

Usage: penstock node --head HOST:PORT [OPTIONS]

  --config FILE               Configuration file. [PENSTOCK_CONFIG, default penstock.toml if it
                              exists]
  -h, --help                  Print this.
)" + option_entries(own) +
         R"(
Whom it trusts (all three or none; without them only a head on this machine):
)" + option_entries(trust) +
         R"(
Upstreams and their API keys are those of this process: the head sends none. Its lanes (upstreams and
models with limits of their own) must have the names that the head's have; the simplest way is the
same configuration file. How fast they may be used the head alone decides.

A head that is away is looked for until it is there. If the connection breaks, what was under way is
given up at once and the head hands it out again: nothing is spent for a head that has moved on.
SIGTERM or Ctrl-C takes nothing more, lets finish what is in flight (at most --grace-period) and gives
back the rest; twice stops at once.

Exit codes: 0 left as asked, 2 usage, configuration, or a head of another version or with other lanes,
3 it broke.
)" + run_options() +
         R"(
Examples:
  penstock node --head 127.0.0.1:7117 --slots 64
      64 more requests in flight on this machine.
  penstock node --head head.example:7117 --tls-cert node.pem --tls-key node.key --tls-ca ca.pem
      A node on another machine.
)";
}

} // namespace penstock::cli
