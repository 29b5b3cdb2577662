#include "apps/penstock/load/load_world.hpp"

#include "actors/peer/cluster_config.hpp"
#include "actors/peer/connect.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/cli/option_split.hpp"
#include "messages/errors.hpp"
#include "messages/system_config.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace penstock::cli {

namespace {

using core::load_deed;

constexpr auto ask_timeout = std::chrono::seconds{2};
constexpr auto join_timeout = std::chrono::seconds{60};
constexpr auto world_look_every = std::chrono::milliseconds{50};

bool has_word(const std::vector<std::string>& words, std::string_view wanted) {
  return std::ranges::any_of(words, [&](auto& word) {
    return word == wanted || word.starts_with(std::string{wanted} + "=");
  });
}

bool words_name_upstream(const std::vector<std::string>& words) {
  return has_word(words, "--upstream") || has_word(words, "--base-url") ||
         has_word(words, "--config");
}

bool has_mock_process(const core::load_script& s) {
  return std::ranges::find(s.processes, core::load_role::mock, &core::load_process::role) !=
         s.processes.end();
}

} // namespace

result<config::settings> load_engine_settings(const core::load_script& script,
                                              const config::environment& env,
                                              const std::string& folder) {
  auto words = script.engine_options;
  const bool embedded = script.head.empty() && !script.head_process();
  if (embedded && !words_name_upstream(words)) {
    if (has_mock_process(script)) // Its address is known once it listens.
      words.insert(words.end(), {"--base-url", "http://127.0.0.1:1/v1"});
    else
      words.insert(words.end(), {"--upstream", "mock"});
  }
  auto raw = split(words, option_set::cluster, "engine.options");
  if (!raw)
    return raw.error();
  if (raw->help != help_extent::none || !raw->positional.empty())
    return usage("engine.options: only options, please");
  config::load_request request{.file = raw->config_file,
                               .directory = folder,
                               .env = {},
                               .command_line = std::move(raw->values)};
  for (auto& [name, value] : env)
    if (!name.starts_with("PENSTOCK_") || config::is_reserved_variable(name))
      request.env.emplace(name, value);
  request.env.erase("PENSTOCK_CONFIG");
  auto loaded = config::load(request);
  if (!loaded)
    return error{loaded.error().code, "engine.options: " + loaded.error().context};
  if (!script.head.empty())
    loaded->values.cluster.head = script.head;
  return std::move(loaded->values);
}

load_world::load_world(const core::load_script& script, const config::environment& env,
                       std::string folder)
    : script_{script}, env_{env}, folder_{std::move(folder)},
      embedded_{script.head.empty() && !script.head_process()}, processes_{script, folder_} {}

load_world::~load_world() { stop(); }

std::string load_world::engine_text() const {
  if (embedded_)
    return "embedded, upstream " + (!mocks_.empty() ? std::string{"mock"}
                                    : settings_.upstream.protocol == "null"
                                      ? settings_.upstream.protocol
                                      : settings_.upstream.base_url);
  return "head at " + settings_.cluster.head;
}

result<void> load_world::prepare() {
  auto settings = load_engine_settings(script_, env_, folder_);
  if (!settings)
    return settings.error();
  settings_ = std::move(*settings);
  if (auto started = processes_.start_all(script_.head); !started)
    return started;
  if (embedded_) {
    if (auto started = start_embedded(); !started)
      return started;
  } else {
    if (script_.head.empty())
      settings_.cluster.head = processes_.head_address();
    system_config_ = std::make_unique<actors::cluster_config>(settings_.cluster);
    system_ = std::make_unique<caf::actor_system>(*system_config_);
    if (auto joined = await_nodes(); !joined)
      return joined;
  }
  for (auto& process : script_.processes)
    if (process.role == core::load_role::mock && process.start)
      if (auto mock = mock_of(process.name); !mock || !(*mock)->reset())
        return error{errc::connection_failed, "the mock " + process.name + " does not answer"};
  return {};
}

result<void> load_world::start_embedded() {
  if (!words_name_upstream(script_.engine_options) && !processes_.mock_origin().empty())
    settings_.upstream.base_url = processes_.mock_origin() + "/v1";
  auto keys = resolve_keys(settings_, env_);
  if (!keys)
    return keys.error();
  auto mocks = start_mocks(settings_, *keys);
  if (!mocks)
    return mocks.error();
  mocks_ = std::move(*mocks);
  system_config_ = std::make_unique<system_config>();
  system_ = std::make_unique<caf::actor_system>(*system_config_);
  engine_options options;
  options.keys = *keys;
  options.env = env_;
  options.mocks_run = true;
  if (has_word(script_.engine_options, "--store"))
    options.store = settings_.serve.store;
  auto running = spawn_engine(*system_, settings_, std::move(options));
  if (!running)
    return running.error();
  running_ = std::move(*running);
  return {};
}

result<engine_actor> load_world::find_engine(duration timeout) {
  if (!embedded_)
    return actors::connect(*system_, settings_.cluster, "client", "penstock load", timeout);
  if (given_)
    return error{errc::internal, "the embedded engine has died"};
  given_ = true;
  return running_->engine;
}

/// Wait for nodes, because a load that begins earlier would measure their start.
result<void> load_world::await_nodes() {
  const auto wanted = processes_.nodes_running();
  const auto until = std::chrono::steady_clock::now() + join_timeout;
  auto engine = find_engine(join_timeout);
  if (!engine)
    return engine.error();
  caf::scoped_actor self{*system_, true};
  while (std::chrono::steady_clock::now() < until) {
    size_t joined = 0;
    self->request(*engine, ask_timeout, atom::nodes_v)
      .receive(
        [&](const std::vector<node_info>& nodes) {
          joined = static_cast<size_t>(std::ranges::count_if(
            nodes, [](auto& n) { return !n.local && n.state == node_state::active; }));
        },
        [](const caf::error&) {});
    if (joined >= wanted)
      return {};
    if (auto died = processes_.look(); !died.empty())
      return error{errc::io_error, died.front()};
    std::this_thread::sleep_for(world_look_every);
  }
  return error{errc::timeout, "the nodes did not join their head in time"};
}

result<mock_control*> load_world::mock_of(const std::string& process) {
  auto origin = processes_.mock_origin(process);
  if (origin.empty() && process.empty())
    origin = !mocks_.empty() ? mocks_.front()->origin() : script_.mock;
  if (origin.empty())
    return error{errc::not_found,
                 "there is no mock to talk to: add a process with role = \"mock\", engine.mock, or "
                 "the engine's option --upstream mock"};
  auto found = std::ranges::find(controls_, origin, [](auto& entry) { return entry.first; });
  if (found == controls_.end())
    found = controls_.emplace(controls_.end(), origin, std::make_unique<mock_control>(origin));
  return found->second.get();
}

result<void> load_world::act(const core::load_action& action) {
  switch (action.deed) {
  case load_deed::start: return processes_.start(action.process);
  case load_deed::stop: return processes_.stop(action.process);
  case load_deed::kill: return processes_.kill(action.process);
  case load_deed::suspend: return processes_.suspend(action.process);
  case load_deed::resume: return processes_.resume(action.process);
  case load_deed::faults:
  case load_deed::limits: {
    auto mock = mock_of(action.process);
    if (!mock)
      return mock.error();
    return action.deed == load_deed::faults ? (*mock)->set_faults(action.faults)
                                            : (*mock)->set_limits(action.limits);
  }
  case load_deed::submit: break;
  }
  return {};
}

std::optional<core::load_upstream> load_world::look_upstream() {
  auto mock = mock_of({});
  if (!mock)
    return std::nullopt;
  auto seen = (*mock)->look(script_.share_since);
  return seen ? std::optional{*seen} : std::nullopt;
}

void load_world::stop() {
  controls_.clear();
  if (running_)
    stop_engine(*system_, *running_);
  running_.reset();
  processes_.stop_all();
  system_.reset();
  system_config_.reset();
  mocks_.clear();
}

} // namespace penstock::cli
