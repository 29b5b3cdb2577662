#pragma once

#include "core/io/http/curl_loop.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace penstock::test {

/// A `curl_loop`, with functions that wait for completions.
class exchanges {
public:
  explicit exchanges(io::curl_loop_settings settings = {})
      : loop{std::move(settings),
             [this](std::vector<core::completion> batch) { take(std::move(batch)); }} {}

  /// A POST of `body` to `url`.
  static core::exchange post(uint64_t id, std::string url, std::string body = "{}") {
    core::exchange x;
    x.id = id;
    x.request = {"POST",
                 std::move(url),
                 {{"Content-Type", "application/json"}},
                 core::make_payload(std::move(body))};
    return x;
  }
  /// Submits only `x` and waits for its end.
  core::http_response run(core::exchange x) {
    const uint64_t id = x.id;
    std::vector<core::exchange> batch;
    batch.push_back(std::move(x));
    loop.submit(std::move(batch));
    return wait_for(id);
  }
  /// Waits for the answer of `id`. @throws std::runtime_error after 30 s.
  core::http_response wait_for(uint64_t id) {
    std::unique_lock lock{mutex_};
    wait(lock, [&] { return answers_.contains(id); });
    return std::move(answers_.extract(id).mapped());
  }
  /// Waits until `count` completions have come in total.
  void wait_for_count(size_t count) {
    std::unique_lock lock{mutex_};
    wait(lock, [&] { return completed_ >= count; });
  }
  /// Number of completions so far, and how many of them repeated an id.
  std::pair<size_t, size_t> counts() {
    const std::lock_guard lock{mutex_};
    return {completed_, repeated_};
  }
  /// All answers that were not taken yet.
  std::map<uint64_t, core::http_response> take_all() {
    const std::lock_guard lock{mutex_};
    return std::exchange(answers_, {});
  }

private:
  void take(std::vector<core::completion> batch) {
    const std::lock_guard lock{mutex_};
    completed_ += batch.size();
    for (core::completion& c : batch)
      repeated_ += answers_.try_emplace(c.id, std::move(c.response)).second ? 0 : 1;
    arrived_.notify_all();
  }
  template <class Predicate>
  void wait(std::unique_lock<std::mutex>& lock, Predicate done) {
    if (!arrived_.wait_for(lock, std::chrono::seconds{30}, done))
      throw std::runtime_error{"no completion came in 30 s"};
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<uint64_t, core::http_response> answers_;
  size_t completed_ = 0;
  size_t repeated_ = 0;

public:
  io::curl_loop loop; ///< Last member, because it writes to the others.
};

} // namespace penstock::test
