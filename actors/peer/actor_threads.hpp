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

/// How many actors of a system have a thread of their own just now. May be used from any thread.
///
/// CAF's broker lets go of nothing that it is sent after its end, and the end of a system waits for
/// each of these threads until nobody holds its actor any more: the farewell of one that other
/// processes know, said too late, would be waited for for ever. So they have to be gone before the
/// broker is.
class actor_threads {
public:
  /// Has the systems made from `config` counted.
  static std::shared_ptr<actor_threads> install(caf::actor_system_config& config);

  /// Waits until at most `count` are left, or `limit` is over.
  void await_at_most(size_t count, duration limit);

private:
  class hook;
  void change(int by);

  std::mutex mutex_;
  std::condition_variable fewer_;
  size_t running_ = 0; ///< Guarded by the mutex.
};

} // namespace penstock::actors
