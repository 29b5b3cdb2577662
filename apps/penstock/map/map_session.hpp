#pragma once

#include "apps/penstock/process/start.hpp"
#include "apps/penstock/process/engine_setup.hpp"
#include "apps/penstock/map/map_control.hpp"
#include "apps/penstock/map/map_input.hpp"
#include "apps/penstock/map/map_summary.hpp"
#include "apps/penstock/cli/options.hpp"
#include "apps/penstock/map/recipe_script.hpp"
#include "config/environment.hpp"
#include "core/io/file/map_files.hpp"
#include "core/map/map_projection.hpp"
#include "core/recipe/recipe.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace penstock::cli {

/// One map, from a checked command line to its exit code.
class map_session {
public:
  map_session(const map_command& command, const config::environment& env)
      : command_{command}, env_{env}, settings_{command.settings.values} {}

  int run();

private:
  // map_command.cpp: before the first send
  result<void> prepare();
  result<void> load();
  result<void> choose_output();
  void make_prints();
  result<void> open_files();
  result<void> check_prices() const;
  bool uses_cache() const;
  job_options options_of(uint32_t group, uint32_t stage) const;
  int already_complete();
  // map_session.cpp: with the engine
  int drive(const upstream_keys& keys);
  void submit(caf::scoped_actor& self);
  void await_end(caf::scoped_actor& self, map_control& control);
  void stop_all(error why, bool at_once);
  void settle(caf::scoped_actor& self);
  int finish();
  void handle_signal(int number, int count);

  size_t stages() const { return recipe_.stages.size(); }

  const map_command& command_;
  const config::environment& env_;
  config::settings settings_;
  core::recipe recipe_;
  std::optional<map_input> input_;
  map_scan scan_;
  std::string output_;        ///< From the command line, or from the name of the input.
  std::string sample_output_; ///< Of `--sample`.
  core::table_format output_format_ = core::table_format::jsonl;
  std::unique_ptr<row_prints> prints_; ///< Outlives the script.
  std::unique_ptr<recipe_script> script_;
  std::shared_ptr<const std::atomic<uint64_t>> formulas_; ///< Cells that a spreadsheet would run.
  std::shared_ptr<io::map_files> files_;
  std::optional<actors::response_cache_setup> cache_; ///< Unset: no stage uses it.
  std::vector<std::unique_ptr<mock::mock_server>> mocks_;
  std::vector<core::projected_lane> lanes_; ///< For the projection.
  map_view view_;
  map_actors actors_;
  caf::actor waiter_; ///< Reports the ends of jobs.
  bool hub_gone_ = false;
  bool settled_ = false; ///< The kind of the end is known.
  std::mutex mutex_;     ///< The watcher of signals may call before the jobs exist.
  std::atomic<int> signal_{0};
  time_point started_;
};

} // namespace penstock::cli
