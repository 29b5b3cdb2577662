#pragma once

#include "apps/penstock/load/load_driver.hpp"
#include "apps/penstock/load/load_world.hpp"
#include "core/load/load_verdict.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace penstock::cli {

/// Receiver of lines about a session.
enum class load_talk { quiet, lines };

/// One load from its beginning to its result: it runs the driver and the actions, and finds a lost
/// engine again. Belongs to the thread that owns the world.
class load_session {
public:
  /// @pre `world` is prepared and outlives the session, as the script does.
  load_session(const core::load_script& script, load_world& world, load_talk talk);
  ~load_session();
  load_session(const load_session&) = delete;
  load_session& operator=(const load_session&) = delete;

  /// Runs the load to its end.
  result<core::load_result> run();
  /// Stops the load: the first call ends the arrivals and cancels running jobs; the second ends at
  /// once. Call it from any thread.
  void interrupt();

private:
  /// A step at a time; an action with a duration has two steps.
  struct step {
    core::load_action action;
    bool undo = false;
  };

  void find_engines();
  void act(const step& s, duration at);
  void watch_processes(duration at);
  void say(const std::string& line);
  void progress(const load_now& now);

  const core::load_script& script_;
  load_world& world_;
  load_talk talk_;
  std::shared_ptr<load_board> board_ = std::make_shared<load_board>();
  load_driver_actor driver_;
  std::atomic<int> interrupts_{0};
  std::atomic<bool> stop_{false};
  error broken_; ///< Why no engine will come any more; guarded by the board's mutex.
  bool is_broken_ = false;
  std::thread finder_;
  std::vector<step> steps_; ///< In the order of their times.
  std::vector<core::load_mark> marks_;
  uint64_t died_ = 0;
  time_point shown_{};
  bool terminal_ = false, line_open_ = false;
};

} // namespace penstock::cli
