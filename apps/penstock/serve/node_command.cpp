#include "apps/penstock/serve/node_command.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/cluster_trust.hpp"
#include "actors/peer/node_host.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/process/process_log.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/view/summary.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <cstdio>

namespace penstock::cli {

namespace {

/// Valid settings that a node does not support.
result<void> check(const config::settings& s) {
  if (auto at = actors::trusted_address(s.cluster, "cluster.head", s.cluster.head); !at)
    return at.error();
  const auto slots = s.cluster.slots;
  if (slots == 0)
    return error{errc::invalid_config,
                 "cluster.slots (--slots) is 0: a node without slots would do nothing"};
  if (s.upstream.mock || std::ranges::any_of(s.upstreams, [](auto& u) { return u.mock; }))
    return error{
      errc::invalid_config,
      "a node has no mock of its own, for each would have limits of its own; start one `penstock "
      "mock` and give its --base-url to the head and to all nodes"};
  return need_files(slots, "slots", "--slots");
}

} // namespace

int node_main(const cluster_command& command, const config::environment& env) {
  const auto& s = command.settings.values;
  if (auto fine = check(s); !fine)
    return complain(fine.error());
  auto keys = resolve_keys(s, env);
  if (!keys)
    return complain(keys.error());
  auto made = actors::make_supervisor_setup(s, *keys);
  actors::node_host_setup setup;
  setup.cluster = s.cluster;
  setup.cluster.node_name = process_name(s.cluster);
  setup.lanes = actors::lane_names(made);
  setup.workers = std::move(made.workers);
  setup.http = made.http;
  setup.http.connections_max = std::max(1024u, s.cluster.slots);
  setup.restarts = made.restarts;
  setup.announce = log_line;

  block_signals(); // Threads start after this line.
  actors::cluster_config config{s.cluster};
  config.announce_by(log_line);
  caf::actor_system sys{config};
  actors::node_host host{sys, std::move(setup)};
  signal_watcher watcher{[&](int, int count) {
    host.leave(count > 1 ? duration{} : s.run.grace_period);
    if (count > 2) // It ignores signals: end the process.
      std::_Exit(static_cast<int>(exit_code::aborted));
  }};
  auto end = host.run();
  return end ? 0 : complain(end.error());
}

} // namespace penstock::cli
