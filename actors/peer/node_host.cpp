#include "actors/peer/node_host.hpp"

#include "actors/peer/connect.hpp"
#include "actors/node/node.hpp"
#include "actors/node/null_client.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <optional>

namespace penstock::actors {

namespace {

constexpr duration first_pause = std::chrono::milliseconds{100};
constexpr duration longest_pause = std::chrono::seconds{1};
/// Time limits of one try to connect.
constexpr duration step_timeout = std::chrono::seconds{3};
/// If the connection is lost sooner than this after joining, the next wait is longer.
constexpr duration well_after = std::chrono::seconds{5};

/// Whether another try is useless. Our files (certificates) were good at the start, and may just be
/// changing; a refusal by the head is final.
bool is_final(const error& e, bool head_said) {
  return e.code == errc::incompatible ||
         (head_said && (e.code == errc::invalid_config || e.code == errc::invalid_input));
}

} // namespace

node_host::node_host(caf::actor_system& sys, node_host_setup setup)
    : sys_{sys}, setup_{std::move(setup)}, self_{sys, true}, restarts_{setup_.restarts},
      pause_{first_pause}, random_{std::random_device{}()} {
  spawn_http();
}

node_host::~node_host() { self_->send_exit(http_, caf::exit_reason::user_shutdown); }

void node_host::announce(const std::string& text) const {
  if (setup_.announce)
    setup_.announce(text);
}

void node_host::spawn_http() {
  http_ = spawn_http_client<caf::no_spawn_options>(sys_, *setup_.workers, setup_.http);
  self_->monitor(http_);
}

void node_host::leave(duration grace_period) {
  caf::anon_send(caf::actor_cast<caf::actor>(self_), atom::leave_v, caf::timespan{grace_period});
}

result<void> node_host::run() {
  for (;;) {
    auto engine = connect(sys_, setup_.cluster, "node", setup_.cluster.node_name, step_timeout);
    auto welcome = engine ? join(*engine) : engine.error();
    auto next =
      welcome ? work(*engine, std::move(*welcome)) : result<next_step>{next_step::look_again};
    if (!welcome) {
      if (is_final(welcome.error(), engine.has_value()))
        return welcome.error();
      if (welcome.error().context != complaint_)
        announce(welcome.error().context + "; trying again until it works");
      complaint_ = welcome.error().context;
    }
    if (next && *next == next_step::look_again)
      next = wait_before_next_try();
    if (!next)
      return next.error();
    if (*next == next_step::end)
      return {};
  }
}

result<node_welcome> node_host::join(const engine_actor& engine) {
  const node_offer offer{setup_.cluster.node_name, PENSTOCK_VERSION, setup_.cluster.slots,
                         setup_.lanes};
  result<node_welcome> answer = error{};
  self_->request(engine, step_timeout, atom::join_v, offer)
    .receive([&](node_welcome& welcome) { answer = std::move(welcome); },
             [&](const caf::error& e) {
               answer = e.category() == error_category
                          ? from_caf(e)
                          : error{errc::connection_failed, "the head at " + setup_.cluster.head +
                                                             " does not answer our offer"};
             });
  return answer;
}

/// Runs a node from its welcome to its end.
result<node_host::next_step> node_host::work(const engine_actor& engine, node_welcome welcome) {
  announce("joined the head at " + setup_.cluster.head + " as " + setup_.cluster.node_name + " (" +
           std::to_string(welcome.node) + ") with " + std::to_string(setup_.cluster.slots) +
           " slots");
  complaint_.clear();
  const auto node = sys_.spawn(remote_node, std::move(welcome), engine, setup_.workers, http_);
  self_->monitor(node);
  const auto begun = std::chrono::steady_clock::now();
  std::optional<result<next_step>> end;
  self_->receive_while([&] { return !end; })(
    [&](atom::leave, caf::timespan grace_period) {
      announce(grace_period > duration{} ? "leaving: finishing what is in flight"
                                         : "leaving at once");
      self_->send(node, atom::leave_v, grace_period);
    },
    [&](const caf::down_msg& down) {
      if (down.source == http_.address()) {
        if (auto again = http_died(node); !again) {
          self_->send_exit(node, caf::exit_reason::kill);
          end = again.error();
        }
      } else if (down.source == node.address()) {
        if (!down.reason) {
          announce("left the head at " + setup_.cluster.head);
          end = next_step::end;
        } else {
          announce("lost the head at " + setup_.cluster.head + ": " +
                   from_caf(down.reason).context + "; looking for it");
          if (std::chrono::steady_clock::now() - begun > well_after)
            pause_ = first_pause;
          end = next_step::look_again;
        }
      }
    });
  return *end;
}

result<void> node_host::http_died(const node_actor& node) {
  const auto wait = restarts_.on_failure(std::chrono::steady_clock::now());
  if (!wait)
    return error{errc::internal, "the http client died too often"};
  announce("the http client died; starting it again");
  spawn_http();
  if (node)
    self_->send(node, atom::rewire_v, wiring{http_, {}, {}});
  return {};
}

result<node_host::next_step> node_host::wait_before_next_try() {
  const auto share = std::uniform_real_distribution{0.5, 1.0}(random_);
  const auto until = std::chrono::steady_clock::now() + from_seconds(to_seconds(pause_) * share);
  pause_ = std::min(2 * pause_, longest_pause);
  result<next_step> next = next_step::look_again;
  for (bool waiting = true; waiting;) {
    const auto left = until - std::chrono::steady_clock::now();
    self_->receive(
      [&](atom::leave, caf::timespan) {
        next = next_step::end;
        waiting = false;
      },
      [&](const caf::down_msg& down) {
        if (down.source != http_.address())
          return;
        if (auto again = http_died({}); !again) {
          next = again.error();
          waiting = false;
        }
      },
      caf::after(std::max<duration>(left, duration{})) >> [&] { waiting = false; });
  }
  return next;
}

} // namespace penstock::actors
