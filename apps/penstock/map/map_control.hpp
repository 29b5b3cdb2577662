#pragma once

#include "apps/penstock/map/map_summary.hpp"
#include "core/view/rate_window.hpp"
#include "messages/interfaces.hpp"

#include <caf/actor_system.hpp>

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace penstock::cli {

/// The actors of a running map.
struct map_actors {
  supervisor_actor supervisor;
  engine_actor engine;
  map_hub_actor hub;
  std::vector<uint64_t> jobs; ///< Their ids, by number: group x stages + stage.
  std::vector<std::string> lane_names;
  std::vector<std::string> groups; ///< Their names, by number.
};

/// Asks the hub, the engine and the lanes about a map. Without an answer in time, old values stay.
/// @param ended Jobs whose progress in `view` is final already.
void look(caf::actor_system& sys, const map_actors& actors, map_view& view,
          const std::vector<bool>& ended);

/// The names in a cancel file, one per line; none if the file does not exist.
std::vector<std::string> names_to_cancel(const std::string& path);
/// Why the name `name` in the cancel file `path` cancels nothing; empty: it is one of `groups`.
std::string unknown_group(const std::string& path, const std::string& name,
                          const std::vector<std::string>& groups);
/// Replaces a file in one step, so that a reader never sees half of it. A failure is ignored,
/// because the status file is not essential.
void replace_file(const std::string& path, std::string_view text);

/// Watches a running map once a second: writes OUTPUT.status.json, cancels the groups named in
/// OUTPUT.cancel, shows progress on stderr (redrawn 5 times a second on a terminal, every 10 s
/// elsewhere).
class map_control {
public:
  /// @param files Prefix of the two files; empty: none. @param shown Whether progress is shown.
  map_control(caf::actor_system& sys, map_actors actors, map_view start, std::string files,
              bool shown);
  ~map_control();
  map_control(const map_control&) = delete;
  map_control& operator=(const map_control&) = delete;

  /// A job has ended with this progress.
  void ended(size_t number, const job_progress& progress);

private:
  void run();
  void attend(time_point now);
  void cancel_groups();
  void show(time_point now);

  caf::actor_system& sys_;
  map_actors actors_;
  map_view view_;
  std::string files_;
  bool shown_, terminal_;
  size_t drawn_ = 0; ///< Lines on the terminal.
  std::vector<bool> ended_;
  std::set<std::string> cancelled_;
  core::rate_window rates_;
  time_point started_, attended_, shown_at_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::pair<size_t, job_progress>> news_;
  bool stop_ = false;
  std::thread thread_;
};

} // namespace penstock::cli
