#pragma once

#include "core/base/time.hpp"

#include <caf/thread_hook.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace caf {
class actor_system_config;
}

namespace penstock::actors {

/// Counts the actors of a system that have their own thread. May be used from any thread.
///
/// Wait for these threads before CAF's broker ends. The broker never frees a message that is sent
/// to it after its end. If the last message of a detached actor that other processes know comes so
/// late, the actor is never destroyed, and the end of the system waits for its thread for ever.
class actor_threads {
public:
  /// Makes the systems of `config` count their actors here.
  static std::shared_ptr<actor_threads> install(caf::actor_system_config& config);

  /// Waits until at most `count` threads are left, but not longer than `limit`.
  void await_at_most(size_t count, duration limit);

private:
  class hook;
  void change(int by);

  std::mutex mutex_;
  std::condition_variable fewer_;
  size_t running_ = 0; ///< Guarded by the mutex.
};

} // namespace penstock::actors
