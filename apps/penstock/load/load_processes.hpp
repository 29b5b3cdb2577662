#pragma once

#include "core/base/error.hpp"
#include "core/load/load_script.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace penstock::cli {

/// The processes of a load script: mocks, a head and nodes, started by this program's own
/// executable on free loopback ports, in their own process groups. Their output goes to files. All
/// of them end with this object, and with this process, however it ends.
///
/// One thread owns it, and that thread must live as long as the processes: they die with it.
class load_processes {
public:
  /// @param folder Of logs and stores. @pre The script and the folder outlive this object.
  load_processes(const core::load_script& script, std::string folder);
  ~load_processes();
  load_processes(const load_processes&) = delete;
  load_processes& operator=(const load_processes&) = delete;

  /// Starts all processes that run before the load: mocks, then the head, then nodes.
  /// @param head Address that nodes join; empty: the script's own head.
  result<void> start_all(const std::string& head);
  /// Starts a process. A mock or head uses its old port again. Returns when it listens; a node may
  /// still be joining.
  result<void> start(const std::string& name);
  /// Sends SIGTERM and does not wait.
  result<void> stop(const std::string& name);
  /// Sends SIGKILL and waits until the process is gone.
  result<void> kill(const std::string& name);
  result<void> suspend(const std::string& name);
  result<void> resume(const std::string& name);

  /// Checks which ones have ended. @returns one line for each one that ended by itself.
  std::vector<std::string> look();
  /// "http://127.0.0.1:8080" of this mock, or of the first one if the name is empty; empty: there
  /// is none.
  std::string mock_origin(const std::string& name = {}) const;
  std::string head_address() const;
  size_t nodes_running() const;
  /// Ends all processes, first with SIGTERM.
  void stop_all();

private:
  struct child {
    const core::load_process* what = nullptr;
    pid_t pid = -1; ///< -1: does not run.
    bool told_to_end = false;
    std::string address = {}; ///< "127.0.0.1:8080", once it listened.
    uint32_t lives = 0;
    std::string log = {}; ///< File of this life.
  };
  child* find(const std::string& name);
  result<child*> running(const std::string& name);
  std::vector<std::string> words_of(const child& c) const;
  result<void> launch(child& c);
  result<std::string> await_address(child& c);
  bool reap(child& c, int flags);

  std::string folder_, head_;
  std::vector<child> children_;
};

} // namespace penstock::cli
