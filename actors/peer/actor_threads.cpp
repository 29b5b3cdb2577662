#include "actors/peer/actor_threads.hpp"

#include <caf/actor_system_config.hpp>

#include <pthread.h>

#include <array>
#include <string_view>

namespace penstock::actors {

namespace {

/// Only the name that CAF gives to a thread tells that the thread belongs to one actor.
bool is_of_an_actor() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return std::string_view{name.data()} == "caf.actor";
}

} // namespace

class actor_threads::hook final : public caf::thread_hook {
public:
  explicit hook(std::shared_ptr<actor_threads> threads) : threads_{std::move(threads)} {}
  void init(caf::actor_system&) override {}
  void thread_started() override {
    if (is_of_an_actor())
      threads_->change(1);
  }
  void thread_terminates() override {
    if (is_of_an_actor())
      threads_->change(-1);
  }

private:
  std::shared_ptr<actor_threads> threads_;
};

std::shared_ptr<actor_threads> actor_threads::install(caf::actor_system_config& config) {
  auto threads = std::make_shared<actor_threads>();
  config.add_thread_hook<hook>(threads);
  return threads;
}

void actor_threads::change(int by) {
  std::lock_guard lock{mutex_};
  running_ += static_cast<size_t>(by);
  fewer_.notify_all();
}

void actor_threads::await_at_most(size_t count, duration limit) {
  std::unique_lock lock{mutex_};
  fewer_.wait_for(lock, limit, [&] { return running_ <= count; });
}

} // namespace penstock::actors
