#pragma once

#include "actors/node/worker.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_http.hpp"
#include "tests/support/fake_limiter.hpp"
#include "tests/support/fake_node.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace penstock::test {

/// A worker between a fake lane, a fake HTTP client and a fake node.
struct worker_fixture : deterministic_system {
  std::shared_ptr<fake_upstream> upstream = std::make_shared<fake_upstream>();
  std::shared_ptr<limiter_log> lane = std::make_shared<limiter_log>();
  std::shared_ptr<node_log> log = std::make_shared<node_log>();
  std::shared_ptr<actors::worker_setup> setup = std::make_shared<actors::worker_setup>();
  actors::worker_task task;
  wiring wires{spawn(fake_http, upstream), {spawn(fake_limiter, lane)}};
  node_actor node = spawn(fake_node, log);

  worker_fixture() {
    actors::worker_upstream one;
    one.protocol = core::find_protocol("openai");
    one.base_url = "http://upstream";
    setup->upstreams.push_back(one);
    setup->routes = core::route_table{{{"default", 0, {}}}};
    task.request = {{7, 3, 1}, make_request(3), 0, 0, {}, {}};
    task.id = 0x100000001;
    task.client_id = "run";
  }

  worker_actor start() {
    auto aut =
      spawn(actors::worker, std::shared_ptr<const actors::worker_setup>{setup}, task, wires, node);
    run();
    return aut;
  }

  /// The only report of the request. Checks that every permit was settled exactly once.
  const work_report& end() {
    BOOST_REQUIRE(log->reports.size() == 1u);
    for (auto& asked : lane->asked)
      BOOST_TEST(lane->settlements(asked.id) <= 1u);
    for (auto& call : upstream->calls)
      BOOST_TEST(lane->settlements(call.id) == 1u);
    BOOST_TEST((log->reports[0].key.index == 3u && log->reports[0].key.epoch == 1u));
    return log->reports[0];
  }

  void answer_in_turn(std::vector<fake_answer> answers) {
    upstream->script = [this, answers](auto&) {
      return answers[std::min(upstream->calls.size() - 1, answers.size() - 1)];
    };
  }
};

} // namespace penstock::test
