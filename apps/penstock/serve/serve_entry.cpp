#include "apps/penstock/serve/node_command.hpp"
#include "apps/penstock/serve/serve_command.hpp"
#include "config/keys.hpp"

namespace penstock::cli {

const command_entry serve_entry{
  .name = "serve",
  .summary = "Be the head of a cluster: take jobs, keep them durably, share limits among nodes.",
  .form = {.scope = config::in_head, .every_setting = true},
  .about =
    R"(Serves a cluster: accepts jobs from `penstock submit` and programs, stores them in a file, gives their
requests to nodes (and to its own slots), and keeps all of them within the limits of the providers.

Usage: penstock serve [OPTIONS]

Certificates: all three or none. With them, only peers with a certificate of the same CA may connect
(there are no roles). Without them, only programs of this machine may connect. config/make-certs.sh
makes certificates for trials.

The first line on standard output is "listening on HOST:PORT" (port 0: any free one), with --json
{"event":"listening","address":...,"host":...,"port":...}; events are logged on
standard error.

Jobs are acknowledged when they are safe on disk. After a kill or a stop, the head goes on with every
job when it is started with the same file; nodes and clients find it again. After SIGTERM or Ctrl-C it
waits for requests in flight (at most --grace-period); a second signal stops it at once.

The options below are the limits of the providers, as for `penstock run`. They hold for the whole
cluster. --in-flight-max has no effect here: the slots of all nodes limit the width. Nodes read
upstreams and keys from their own settings, because the head sends none: give all of them the same
configuration file. A head with --slots 0 needs no keys. --upstream mock is only for the head's own
slots; for a cluster with a mock start `penstock mock` and give its --base-url to all processes.

Exit codes: 0 stopped on request, 2 usage or configuration, 3 the store, the port or the engine failed.
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
    R"(Works for the head of a cluster: sends the requests that the head hands out. The head keeps the limits
for all nodes together.

Usage: penstock node --head HOST:PORT [OPTIONS]

A node uses its own upstreams and API keys: the head sends none. Its lanes (upstreams, and models with
their own limits) must have the same names as those of the head; the simplest way is the same
configuration file. Only the head decides how fast they are used.

A node looks for its head until it finds it. If the connection breaks, it aborts its requests at once,
because the head hands them out again. After SIGTERM or Ctrl-C it accepts no more requests, waits for
those in flight (at most --grace-period) and gives back the rest; a second signal stops it at once.

Exit codes: 0 left on request, 2 usage, configuration, or a head of another version or with other lanes,
3 a failure.
)",
  .examples = R"(  penstock node --head 127.0.0.1:7117 --slots 64
      64 more requests in flight on this machine.
  penstock node --head head.example:7117 --tls-cert node.pem --tls-key node.key --tls-ca ca.pem
      A node on another machine.
)",
  .run = run_cluster<node_main>,
};

} // namespace penstock::cli
