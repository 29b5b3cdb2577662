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

/// Asks a head as its clients do, from the test's own process.
class head_view {
public:
  explicit head_view(const config::cluster_settings& settings);

  /// @throws std::runtime_error if nobody answers.
  std::vector<node_info> nodes();
  job_info info(uint64_t job);
  lane_info lane(); ///< The first one.

private:
  template <class T, class... Ts>
  T ask(Ts... words);

  config::cluster_settings settings_;
  actors::cluster_config config_;
  caf::actor_system sys_;
  engine_actor engine_;
};

/// A cluster of real processes of the real program on loopback: a head, nodes, and clients, against
/// the mock in this process. All of them end with the test.
struct cluster_fixture : program_fixture {
  explicit cluster_fixture(mock::mock_options options = {});

  /// A mock whose answers take about this long.
  static mock::mock_options mock_of(const std::string& latency);

  /// Starts the head, at first or again: on its old port then, and on the same store. It has no
  /// slots of its own unless `options` say so.
  process& start_head(const words& options = {});
  /// Starts a node, under a name by which `node` finds it.
  process& start_node(const std::string& name, uint32_t slots, const words& options = {});
  process& node(const std::string& name) { return *nodes.at(name); }
  /// SIGKILL, and waits until it is gone.
  static void kill(process& p);

  /// `penstock submit in -o out`, following the job to its end.
  std::unique_ptr<process> submit(const words& options = {});
  /// Waits for it. @returns what it said, with its summary.
  run_end end_of_submit(process& client);
  /// `penstock WORDS... --head` to its end.
  finished client(words args);

  std::vector<node_info> look_at_nodes() { return view().nodes(); }
  /// Waits until so many nodes are in this state, and no more.
  void wait_for_nodes(size_t count, node_state state = node_state::active);
  /// Waits until the mock has seen so many requests.
  void wait_for_requests(uint64_t count);
  /// Requests that the mock saw more than once, each further time counted.
  uint64_t sent_again() const;
  /// All requests of `in` completed, in order, with the right answers; attempts are counted right,
  /// up to those that a lost process made and nobody heard of: at most `lost_max`.
  void check_all(const run_end& end, uint64_t lost_max);
  head_view& view();

  std::string address; ///< Of the head: "127.0.0.1:50000".
  std::string store = dir / "jobs.db";
  words everywhere;                   ///< Options of all processes: certificates.
  words times;                        ///< Options of head and nodes: heartbeats.
  words head_env;                     ///< "NAME=value", for the head only.
  config::cluster_settings as_client; ///< How the test itself connects, but for the address.
  std::unique_ptr<process> head;
  std::map<std::string, std::unique_ptr<process>> nodes;

protected:
  /// `penstock` with these words and what all processes get.
  command with_common(words args) const;

private:
  std::unique_ptr<head_view> view_;
};

} // namespace penstock::test
