#pragma once

#include "actors/supervisor/spawn_engine.hpp"
#include "apps/mock/mock_server.hpp"
#include "apps/penstock/load/load_processes.hpp"
#include "apps/penstock/mock/mock_control.hpp"
#include "config/environment.hpp"
#include "config/settings.hpp"
#include "core/load/load_script.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// Settings of the engine of a script, or for its head. Other settings have their defaults: the
/// user's configuration file and PENSTOCK_* variables are ignored, so that a script means the same
/// everywhere and never calls a real provider by accident.
/// @param folder A folder without a configuration file.
result<config::settings> load_engine_settings(const core::load_script& script,
                                              const config::environment& env,
                                              const std::string& folder);

/// The environment of a load: the processes of the script, the mocks, and the engine, which is
/// embedded, the head of the script, or a running head. One thread prepares it and runs actions,
/// and must live as long as it; call `find_engine` from any thread.
class load_world {
public:
  /// @param folder Of logs and stores; exists. @pre The script outlives the world.
  load_world(const core::load_script& script, const config::environment& env, std::string folder);
  ~load_world();
  load_world(const load_world&) = delete;
  load_world& operator=(const load_world&) = delete;

  /// Starts everything, and waits until the nodes of the script have joined.
  result<void> prepare();
  /// Finds the engine. Blocks at most for the given time. @returns `internal` if it is lost for
  /// good.
  result<engine_actor> find_engine(duration timeout);
  /// Runs an action of the script, except submissions.
  result<void> act(const core::load_action& action);
  /// The counters of the first mock since `prepare`; nullopt: there is no mock.
  std::optional<core::load_upstream> look_upstream();
  /// One line for each process that ended by itself, once.
  std::vector<std::string> look_processes() { return processes_.look(); }

  caf::actor_system& system() { return *system_; }
  std::string engine_text() const;
  /// Stops everything in order.
  void stop();

private:
  result<void> start_embedded();
  result<void> await_nodes();
  result<mock_control*> mock_of(const std::string& process);

  const core::load_script& script_;
  const config::environment& env_;
  std::string folder_;
  bool embedded_;
  config::settings settings_;
  std::vector<std::unique_ptr<mock::mock_server>> mocks_; ///< In this process.
  load_processes processes_;
  std::vector<std::pair<std::string, std::unique_ptr<mock_control>>> controls_; ///< By origin.
  std::unique_ptr<caf::actor_system_config> system_config_;
  std::unique_ptr<caf::actor_system> system_;
  std::optional<running_engine> running_;
  bool given_ = false; ///< The embedded engine was found once; it cannot be restarted.
};

} // namespace penstock::cli
