#pragma once

#include "actors/peer/cluster_config.hpp"
#include "config/settings.hpp"
#include "messages/interfaces.hpp"
#include "tests/support/program_fixture.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::test {

/// A client of a head in the process of the test.
class head_view {
public:
  explicit head_view(const config::cluster_settings& settings);

  /// @throws std::runtime_error if there is no answer.
  std::vector<node_info> nodes();
  job_info info(uint64_t job);
  lane_info lane(); ///< The first lane.

private:
  template <class T, class... Ts>
  T ask(Ts... words);

  config::cluster_settings settings_;
  actors::cluster_config config_;
  caf::actor_system sys_;
  engine_actor engine_;
};

/// A cluster of real processes on loopback: a head, nodes and clients, against the mock in this
/// process. All of them end with the test.
struct cluster_fixture : program_fixture {
  explicit cluster_fixture(mock::mock_options options = {});

  /// A mock whose answers take about this long.
  static mock::mock_options mock_of(const std::string& latency);

  /// Starts the head. A second start uses the same port and store. It has no slots, unless
  /// `options` say so.
  process& start_head(const words& options = {});
  /// Starts a node with a name, for `node`.
  process& start_node(const std::string& name, uint32_t slots, const words& options = {});
  process& node(const std::string& name) { return *nodes.at(name); }
  /// Sends SIGKILL and waits until the process has ended.
  static void kill(process& p);

  /// `penstock submit in -o out`, following the job to its end.
  std::unique_ptr<process> submit(const words& options = {});
  /// Waits for its end. @returns its output and summary.
  run_end end_of_submit(process& client);
  /// Runs `penstock WORDS... --head` to its end.
  finished client(words args);

  std::vector<node_info> look_at_nodes() { return view().nodes(); }
  /// Waits until exactly so many nodes are in this state.
  void wait_for_nodes(size_t count, node_state state = node_state::active);
  /// Waits until the mock has received so many requests.
  void wait_for_requests(uint64_t count);
  /// How often the mock received a request that it had received before.
  uint64_t sent_again() const;
  /// Checks that all requests of `in` are completed, in order, with the right answers. At most
  /// `lost_max` attempts may be uncounted, because a lost process made them.
  void check_all(const run_end& end, uint64_t lost_max);
  head_view& view();

  std::string address; ///< Address of the head: "127.0.0.1:50000".
  std::string store = dir / "jobs.db";
  words everywhere;                   ///< Options of all processes: certificates.
  words times;                        ///< Options of head and nodes: heartbeats.
  words head_env;                     ///< "NAME=value", for the head only.
  config::cluster_settings as_client; ///< Settings of the test's own client, without the address.
  std::unique_ptr<process> head;
  std::map<std::string, std::unique_ptr<process>> nodes;

protected:
  /// `penstock` with these words and the options of all processes.
  command with_common(words args) const;

private:
  std::unique_ptr<head_view> view_;
};

} // namespace penstock::test
