// `io::curl_loop` with the load of floor.cpp: the cost of our loop over bare libcurl.
#include "core/io/http/curl_loop.hpp"
#include "tests/bench/measure.hpp"

#include <future>
#include <mutex>

namespace {

using namespace penstock;

/// Keeps `in_flight` exchanges in flight. All but the start runs on the threads of the loop.
class load {
public:
  explicit load(const bench::options& o)
      : options_{o}, body_{core::make_payload(bench::chat_body(o.body_bytes))},
        measured_{o.requests}, loop_{{.connections_max = static_cast<uint32_t>(o.in_flight)},
                                     [this](std::vector<core::completion> batch) { take(batch); }} {
  }

  int run() {
    std::vector<core::exchange> first;
    for (; started_ < options_.in_flight; ++started_)
      first.push_back(make(started_));
    loop_.submit(std::move(first));
    done_.get_future().wait();
    return measured_.report();
  }

private:
  core::exchange make(uint64_t id) const {
    return {
      .id = id,
      .request = {"POST",
                  options_.url,
                  {{"Content-Type", "application/json"}, {"Authorization", "Bearer sk-benchmark"}},
                  body_}};
  }
  void take(const std::vector<core::completion>& batch) {
    std::unique_lock lock{mutex_};
    std::vector<core::exchange> next;
    next.reserve(batch.size());
    for (const core::completion& c : batch) {
      measured_.add(c.response.elapsed,
                    c.response.failure == core::transport_error::none && c.response.status == 200);
      if (started_ < options_.requests)
        next.push_back(make(started_++));
    }
    const bool is_done = measured_.count() == options_.requests;
    lock.unlock();
    loop_.submit(std::move(next));
    if (is_done)
      done_.set_value();
  }

  const bench::options& options_;
  const core::payload body_;
  std::mutex mutex_; ///< Guards the other members: several loops send batches at the same time.
  bench::measurement measured_;
  size_t started_ = 0;
  std::promise<void> done_;
  io::curl_loop loop_; ///< Last member, because it writes to the others.
};

} // namespace

int main(int argc, char** argv) {
  const bench::options o = bench::parse_options(argc, argv);
  load l{o};
  return l.run();
}
