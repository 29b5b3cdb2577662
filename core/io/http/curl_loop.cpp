#include "core/io/http/curl_loop.hpp"

#include "core/io/http/curl_loop_thread.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

namespace penstock::io {

namespace {

/// Connections per thread, if the settings do not give the number of threads.
constexpr uint32_t connections_per_loop = 1024;

void init_libcurl_once() {
  // Never undone, because other code in the process may use libcurl, too.
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(done);
}

uint32_t loops_for(const curl_loop_settings& s) {
  if (s.loops > 0)
    return s.loops;
  const uint32_t wanted = (s.connections_max + connections_per_loop - 1) / connections_per_loop;
  return std::clamp(wanted, 1u, std::max(1u, std::thread::hardware_concurrency()));
}

} // namespace

struct curl_loop::impl {
  deliver_fn deliver;
  std::vector<std::unique_ptr<curl_loop_thread>> loops;

  /// The loop of `id`: a function of the id, so that `cancel` finds it without a table. The bits
  /// are mixed, because callers may use ids with regular steps.
  size_t loop_of(uint64_t id) const noexcept {
    id = (id ^ (id >> 31)) * 0x9e37'79b9'7f4a'7c15u;
    return static_cast<size_t>((id >> 32) % loops.size());
  }
};

curl_loop::curl_loop(curl_loop_settings settings, deliver_fn deliver)
    : impl_{new impl{std::move(deliver), {}}} {
  init_libcurl_once();
  for (uint32_t i = loops_for(settings); i > 0; --i)
    impl_->loops.push_back(std::make_unique<curl_loop_thread>(settings, impl_->deliver));
}

curl_loop::~curl_loop() {
  // Stop all before any is destroyed, because a delivery on one thread may submit to another.
  for (const auto& loop : impl_->loops)
    loop->stop();
}

void curl_loop::submit(std::vector<core::exchange> batch) {
  if (batch.empty())
    return;
  if (impl_->loops.size() == 1)
    return impl_->loops.front()->submit(std::move(batch));
  std::vector<std::vector<core::exchange>> parts(impl_->loops.size());
  for (core::exchange& x : batch)
    parts[impl_->loop_of(x.id)].push_back(std::move(x));
  for (size_t i = 0; i < parts.size(); ++i)
    if (!parts[i].empty())
      impl_->loops[i]->submit(std::move(parts[i]));
}

void curl_loop::cancel(uint64_t id) { impl_->loops[impl_->loop_of(id)]->cancel(id); }

void curl_loop::grant(uint64_t id, uint64_t bytes) {
  impl_->loops[impl_->loop_of(id)]->grant(id, bytes);
}

size_t curl_loop::in_flight() const noexcept {
  size_t sum = 0;
  for (const auto& loop : impl_->loops)
    sum += loop->in_flight();
  return sum;
}

} // namespace penstock::io
