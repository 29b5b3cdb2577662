#include "apps/penstock/serve/serve_command.hpp"

#include "actors/supervisor/cache_setup.hpp"
#include "actors/peer/cluster_config.hpp"
#include "actors/peer/cluster_trust.hpp"
#include "actors/peer/version_gate.hpp"
#include "actors/supervisor/spawn_engine.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/process/process_log.hpp"
#include "apps/penstock/process/signals.hpp"
#include "apps/penstock/process/start.hpp"
#include "apps/penstock/serve/http_service.hpp"
#include "apps/penstock/view/summary.hpp"
#include "config/api_key.hpp"
#include "config/routing.hpp"
#include "core/io/store/job_store.hpp"
#include "core/json/json_text.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <boost/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

namespace penstock::cli {

namespace {

/// Connections of nodes and clients that a head must have room for.
constexpr uint32_t peers_max = 4096;

/// A head without its own slots sends no requests, so its upstreams need no keys.
result<upstream_keys> keys_of(const config::settings& s, const config::environment& env) {
  if (s.cluster.slots > 0)
    return resolve_keys(s, env);
  upstream_keys keys;
  const auto use = config::use_of_default(s);
  if (use == config::default_use::needed ||
      (use != config::default_use::none && config::resolve_api_key(s, env)))
    keys[s.upstream.name];
  for (auto& upstream : s.upstreams)
    keys[upstream.name];
  return keys;
}

result<std::shared_ptr<io::job_store>> open_store(const std::string& path) {
  if (path != ":memory:")
    return io::open_job_store(path);
  log_line("the store is in memory: jobs and results are lost when this process ends");
  return io::make_memory_job_store();
}

bool has_mock(const config::settings& s) {
  return s.upstream.mock || std::ranges::any_of(s.upstreams, [](auto& u) { return u.mock; });
}

/// One head, from checked settings to its exit code.
class head_process {
public:
  explicit head_process(const config::settings& s) : settings_{s} {}

  int run(const config::environment& env) {
    block_signals(); // From here on threads start, the first one with the store.
    if (auto fine = prepare(env); !fine)
      return complain(fine.error());
    auto mocks = start_mocks(settings_, keys_);
    if (!mocks)
      return complain(mocks.error());
    actors::cluster_config config{settings_.cluster};
    config.announce_by(log_line);
    caf::actor_system sys{config};
    return serve(sys, env);
  }

private:
  /// All checks before anything runs.
  result<void> prepare(const config::environment& env) {
    if (auto at =
          actors::trusted_address(settings_.cluster, "cluster.listen", settings_.cluster.listen);
        !at)
      return at.error();
    if (auto fine = http_service::check(settings_); !fine)
      return fine.error();
    auto keys = keys_of(settings_, env);
    if (!keys)
      return keys.error();
    keys_ = std::move(*keys);
    const auto slots = settings_.cluster.slots;
    if (has_mock(settings_) && slots == 0)
      return error{
        errc::invalid_config,
        "--upstream mock works for slots of this process only, and --slots is 0; start a "
        "`penstock mock` and give its --base-url to the head and to the nodes"};
    if (auto enough =
          need_files(slots, "slots and the connections of nodes and clients", "--slots", peers_max);
        !enough)
      return enough.error();
    if (settings_.cache.mode != core::cache_mode::off) {
      auto cache = actors::find_cache(settings_, env);
      if (!cache)
        return cache.error();
      cache_ = std::move(*cache);
    }
    auto store = open_store(settings_.serve.store);
    if (!store)
      return store.error();
    store_ = std::move(*store);
    return {};
  }

  engine_options make_options(const config::environment& env) {
    engine_options options;
    options.keys = keys_;
    options.env = env;
    options.cache = cache_;
    options.jobs = std::move(store_);
    options.slots = settings_.cluster.slots;
    options.nodes_bound_width = true;
    options.mocks_run = true;
    options.announce = log_line;
    return options;
  }

  int serve(caf::actor_system& sys, const config::environment& env) {
    caf::scoped_actor self{sys, true};
    signal_watcher watcher{[me = caf::actor_cast<caf::actor>(self)](int, int count) {
      caf::anon_send(me, atom::stop_v, count);
    }};
    auto running = spawn_engine(sys, settings_, make_options(env));
    if (!running)
      return complain(running.error());
    self->monitor(running->supervisor);
    std::string lanes;
    for (auto& name : lane_names(*running))
      lanes += (lanes.empty() ? "" : ", ") + name;
    auto gate = sys.spawn(actors::version_gate, running->engine, log_line);
    const auto port = actors::publish(sys, settings_.cluster, gate);
    auto served = port ? start_http(sys, *running) : port.error();
    if (served)
      tell_where(*port, lanes);
    const auto code = served ? await_end(self, *running) : complain(served.error());
    if (http_ && in_order_)
      http_->wait();
    http_.reset();
    caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
    self->demonitor(running->supervisor.address());
    if (!stop_engine(sys, *running)) {
      log_line("not everything could be stopped in time; what is in the store is safe");
      std::fflush(nullptr);
      std::_Exit(code);
    }
    return code;
  }

  result<void> start_http(caf::actor_system& sys, const running_engine& running) {
    if (settings_.serve.http.empty())
      return {};
    auto service = http_service::start(sys, settings_, running);
    if (!service)
      return service.error();
    http_ = std::move(*service);
    return {};
  }

  void tell_where(uint16_t port, const std::string& lanes) {
    auto at = *config::parse_endpoint(settings_.cluster.listen);
    at.port = port;
    const auto address = config::to_string(at);
    if (settings_.run.json)
      std::cout << core::json_text(
                     boost::json::object{{"event", "listening"},
                                         {"address", address},
                                         {"host", at.host},
                                         {"port", port},
                                         {"http", http_ ? boost::json::value(http_->address())
                                                        : boost::json::value(nullptr)}})
                << std::endl;
    else
      std::cout << "listening on " << address << std::endl;
    log_line("serving " + settings_.serve.store + " at " + address +
             (actors::uses_tls(settings_.cluster) ? " with TLS" : ", this machine only") +
             "; slots here: " + std::to_string(settings_.cluster.slots) + "; lanes: " + lanes);
    if (http_)
      log_line("HTTP at " + http_->address() +
               (http_->is_open_to_all() ? "; there are no keys: every program of this machine is "
                                          "admin of tenant default"
                                        : "; keys are needed"));
  }

  /// Serves until a signal or the end of the supervisor. @returns the exit code.
  int await_end(caf::scoped_actor& self, const running_engine& running) {
    int code = 0;
    bool ended = false, draining = false;
    self->receive_while([&] { return !ended; })(
      [&](atom::stop, int count) {
        if (count > 1 || settings_.run.grace_period <= duration{}) {
          log_line("stopping at once; running jobs go on when the head starts again");
          ended = true;
        } else if (!std::exchange(draining, true)) {
          log_line("stopping: finishing what is in flight; a second signal stops at once");
          drain(self, running);
        }
      },
      [&](atom::finished) { ended = in_order_ = true; },
      [&](const caf::down_msg& down) {
        if (down.source != running.supervisor.address())
          return;
        const auto why = from_caf(down.reason);
        log_line("stopping: " + why.context);
        code = static_cast<int>(exit_code::aborted);
        ended = true;
      });
    if (code == 0)
      log_line("stopped");
    return code;
  }

  /// Drains all jobs, and tells `self` when they have ended.
  void drain(caf::scoped_actor& self, const running_engine& running) {
    if (http_)
      http_->drain(settings_.run.grace_period);
    self->send(running.engine, atom::drain_v, uint64_t{0});
    self->spawn([engine = running.engine, grace = settings_.run.grace_period,
                 tell = caf::actor_cast<caf::actor>(self)](caf::event_based_actor* waiter) {
      waiter->request(engine, grace, atom::wait_v, uint64_t{0})
        .then([=](const job_progress&) { waiter->send(tell, atom::finished_v); },
              [=](const caf::error&) { waiter->send(tell, atom::finished_v); });
    });
  }

  config::settings settings_;
  upstream_keys keys_;
  std::optional<actors::response_cache_setup> cache_;
  std::shared_ptr<io::job_store> store_;
  std::unique_ptr<http_service> http_;
  bool in_order_ = false; ///< The end was asked for, and waits for what is in flight.
};

} // namespace

int serve_main(const cluster_command& command, const config::environment& env) {
  return head_process{command.settings.values}.run(env);
}

} // namespace penstock::cli
