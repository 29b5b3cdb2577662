#include "apps/penstock/serve/node_command.hpp"
#include "apps/penstock/serve/serve_command.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry serve_entry{
  .name = "serve",
  .summary = "Be the head of a cluster: take jobs, keep them durably, share limits among nodes.",
  .form = {.scope = config::in_head, .every_setting = true},
  .about =
    R"(Serves a cluster: takes jobs from `penstock submit` and programs, keeps them in a file, gives their
requests to nodes (and to slots of its own), and holds all of them to the limits of the providers.

Usage: penstock serve [OPTIONS]

Certificates: all three or none. With them only peers with a certificate of the same CA get in (there
are no roles). Without them every program of this machine gets in, and no other machine.
config/make-certs.sh makes certificates to try with.

The first line on standard output is "listening on HOST:PORT" (port 0: any free one), with --json
{"event":"listening","address":...,"host":...,"port":...}; what happens is told line by line on
standard error.

Jobs are acknowledged when they are safe on disk. Killed or stopped, the head goes on with every job
when it is started on the same file; nodes and clients find it again by themselves. SIGTERM or Ctrl-C
lets finish what is in flight (at most --grace-period), twice stops at once.

The options below say what the providers allow, as for `penstock run`. Limits hold for the whole
cluster; --in-flight-max bounds nothing here, the slots of all nodes do. Nodes read upstreams and keys
of their own settings, the head sends them none: give all of them the same configuration file. A head
with --slots 0 needs no keys. --upstream mock serves the head's own slots alone; for a cluster against
a mock start `penstock mock` and name its --base-url everywhere.

Exit codes: 0 stopped as asked, 2 usage or configuration, 3 the store, the port or the engine failed.
)",
  .examples = R"(  penstock serve --store jobs.db --rpm 500
      A head for this machine with 256 slots of its own.
  penstock serve --listen 0.0.0.0:7117 --slots 0 --tls-cert head.pem --tls-key head.key --tls-ca ca.pem
      A head that leaves the work to nodes on other machines.
)",
  .run = run_cluster<serve_main>,
};

const command_entry node_entry{
  .name = "node",
  .summary = "Work for a head: run requests with this machine's connections and keys.",
  .form = {.scope = config::in_node, .every_setting = true},
  .about =
    R"(Works for the head of a cluster: sends requests that the head hands out, within limits that the head
keeps for all nodes together.

Usage: penstock node --head HOST:PORT [OPTIONS]

Upstreams and their API keys are those of this process: the head sends none. Its lanes (upstreams and
models with limits of their own) must have the names that the head's have; the simplest way is the
same configuration file. How fast they may be used the head alone decides.

A head that is away is looked for until it is there. If the connection breaks, what was under way is
given up at once and the head hands it out again: nothing is spent for a head that has moved on.
SIGTERM or Ctrl-C takes nothing more, lets finish what is in flight (at most --grace-period) and gives
back the rest; twice stops at once.

Exit codes: 0 left as asked, 2 usage, configuration, or a head of another version or with other lanes,
3 it broke.
)",
  .examples = R"(  penstock node --head 127.0.0.1:7117 --slots 64
      64 more requests in flight on this machine.
  penstock node --head head.example:7117 --tls-cert node.pem --tls-key node.key --tls-ca ca.pem
      A node on another machine.
)",
  .run = run_cluster<node_main>,
};

} // namespace penstock::cli
