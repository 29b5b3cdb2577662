#include "actors/supervisor/spawn_engine.hpp"

#include "actors/supervisor/cache_setup.hpp"
#include "actors/supervisor/from_settings.hpp"
#include "config/routing.hpp"
#include "config/validate.hpp"
#include "core/protocol/protocol_info.hpp"
#include "messages/errors.hpp"

#include <caf/all.hpp>

#include <algorithm>

#include <unistd.h>

namespace penstock {

namespace {

constexpr auto answer_within = std::chrono::seconds{10};
/// A large store takes a while to open.
constexpr auto start_within = std::chrono::seconds{30};
/// Wider than any cluster.
constexpr uint32_t any_width = 1'000'000;

/// Refuses upstreams that are valid in a configuration, but cannot be called by this engine.
result<void> check_upstreams(const config::settings& s, bool mocks_run) {
  const auto check = [mocks_run](const config::upstream_settings& upstream) -> result<void> {
    if (upstream.mock && !mocks_run)
      return error{
        errc::invalid_config,
        "the mock provider belongs to the program `penstock`: start `penstock mock` and set the "
        "upstream's base_url to it, or use the protocol \"null\""};
    if (!core::find_protocol(upstream.protocol))
      return error{errc::invalid_config, "there is no protocol \"" + upstream.protocol +
                                           "\"; there are " + core::protocol_list()};
    return {};
  };
  if (auto fine = check(s.upstream); !fine)
    return fine;
  for (auto& upstream : s.upstreams)
    if (auto fine = check(upstream); !fine)
      return fine;
  return {};
}

result<actors::supervisor_setup> make_setup(const config::settings& s, engine_options options) {
  if (auto valid = config::validate(s); !valid)
    return valid.error();
  if (auto fine = check_upstreams(s, options.mocks_run); !fine)
    return fine.error();
  const auto env = options.env ? std::move(*options.env) : config::read_environment(environ);
  if (!options.keys) {
    auto keys = actors::resolve_keys(s, env);
    if (!keys)
      return keys.error();
    options.keys = std::move(*keys);
  }
  // The caller may leave out upstreams without a key.
  for (auto& upstream : s.upstreams)
    options.keys->try_emplace(upstream.name);
  if (config::use_of_default(s) == config::default_use::needed)
    options.keys->try_emplace(s.upstream.name);
  auto wide = s;
  if (options.nodes_bound_width)
    wide.run.in_flight_max = any_width;
  auto setup = actors::make_supervisor_setup(wide, *options.keys);
  if (options.slots) {
    setup.slots = *options.slots;
    setup.http.connections_max = std::max(1024u, setup.slots);
  }
  if (options.cache) {
    setup.cache = std::move(options.cache);
  } else if (s.cache.mode != core::cache_mode::off) {
    auto cache = actors::find_cache(s, env);
    if (!cache)
      return cache.error();
    setup.cache = std::move(*cache);
  }
  if (options.jobs) {
    setup.jobs = std::move(options.jobs);
  } else if (!options.store.empty()) {
    auto jobs = io::open_job_store(options.store);
    if (!jobs)
      return jobs.error();
    setup.jobs = std::move(*jobs);
  } else if (options.has_store) {
    setup.jobs = io::make_memory_job_store();
  }
  setup.retention = s.serve.retention;
  setup.lease = {s.cluster.heartbeat, s.cluster.lost_after};
  setup.announce = std::move(options.announce);
  return setup;
}

} // namespace

result<running_engine> spawn_engine(caf::actor_system& sys, const config::settings& settings,
                                    engine_options options) {
  auto setup = make_setup(settings, std::move(options));
  if (!setup)
    return setup.error();
  running_engine running;
  auto names = actors::lane_names(*setup);
  for (size_t i = 0; i < names.size(); ++i)
    running.lanes.push_back({std::move(names[i]), setup->lanes[i]});
  running.supervisor = sys.spawn(actors::supervisor, std::move(*setup));
  caf::scoped_actor self{sys, true};
  std::optional<error> broken;
  self->request(running.supervisor, start_within, atom::engine_v)
    .receive([&](engine_actor& engine) { running.engine = std::move(engine); },
             [&](const caf::error& e) { broken = from_caf(e); });
  if (!running.engine) {
    self->send_exit(running.supervisor, caf::exit_reason::kill);
    return broken.value_or(error{errc::internal, "the engine did not start"});
  }
  return running;
}

std::vector<std::string> lane_names(const running_engine& running) {
  std::vector<std::string> names;
  for (auto& lane : running.lanes)
    names.push_back(lane.name);
  return names;
}

bool stop_engine(caf::actor_system& sys, const running_engine& running, duration grace) {
  caf::scoped_actor self{sys, true};
  const auto wait = [&](duration at_most) {
    self->request(running.engine, at_most, atom::wait_v, uint64_t{0})
      .receive([](const job_progress&) {}, [](const caf::error&) {});
  };
  if (grace > duration{}) {
    self->send(running.engine, atom::drain_v, uint64_t{0});
    wait(grace);
  }
  self->send(running.engine, atom::abort_v, uint64_t{0});
  wait(answer_within);
  bool down = false;
  self->request(running.supervisor, answer_within, atom::stop_v)
    .receive([&](bool) { down = true; },
             // It was stopped elsewhere, or died: then it is down, too.
             [&](const caf::error& e) { down = e != caf::sec::request_timeout; });
  return down;
}

} // namespace penstock
