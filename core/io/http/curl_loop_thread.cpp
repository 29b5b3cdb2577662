#include "core/io/http/curl_loop_thread.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace penstock::io {

using namespace std::chrono_literals;

namespace {

/// Transfers per multi handle. Measured: with 256 in flight 64, 128 and 1,024 cost the same within
/// noise; with 2,000 in flight 1,024 costs a tenth more than the others.
constexpr size_t shard_size = 128;
/// A multi handle without a transfer is closed after this, with its connections: providers have
/// closed them by then.
constexpr auto shard_idle = 60s;
time_point clock_now() { return std::chrono::steady_clock::now(); }

/// Signals belong to the program's own threads; the libcurl resolver threads inherit this too.
class signals_blocked {
public:
  signals_blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

private:
  sigset_t before_;
};

} // namespace

// --- callers' side ---

curl_loop_thread::curl_loop_thread(const curl_loop_settings& settings,
                                   const curl_loop::deliver_fn& deliver)
    : context_{settings, clock_now(), &on_open, &on_close, this}, deliver_{deliver} {
  const signals_blocked guard;
  thread_ = std::thread{[this] { run(); }};
}

curl_loop_thread::~curl_loop_thread() {
  stop();
  if (wakeup_ >= 0)
    ::close(wakeup_);
}

void curl_loop_thread::stop() {
  if (!thread_.joinable())
    return;
  {
    std::unique_lock lock{mutex_};
    is_stopping_ = true;
    wake(std::move(lock));
  }
  thread_.join();
}

void curl_loop_thread::submit(std::vector<core::exchange> batch) {
  const time_point now = clock_now();
  in_flight_.fetch_add(batch.size(), std::memory_order_relaxed);
  std::unique_lock lock{mutex_};
  for (core::exchange& x : batch)
    inbox_.exchanges.emplace_back(std::move(x), now);
  wake(std::move(lock));
}

void curl_loop_thread::cancel(uint64_t id) {
  std::unique_lock lock{mutex_};
  inbox_.cancellations.push_back({inbox_.exchanges.size(), id});
  wake(std::move(lock));
}

void curl_loop_thread::grant(uint64_t id, uint64_t bytes) {
  std::unique_lock lock{mutex_};
  inbox_.credits.emplace_back(id, bytes);
  wake(std::move(lock));
}

void curl_loop_thread::wake(std::unique_lock<std::mutex> lock) {
  if (!std::exchange(is_asleep_, false))
    return; // The thread checks the inbox before it sleeps.
  broken_wakeup_.notify_one();
  const int fd = wakeup_;
  lock.unlock();
  const uint64_t one = 1;
  if (fd >= 0) [[maybe_unused]]
    const auto written = ::write(fd, &one, sizeof one); // Cannot be full.
}

// --- the thread ---

void curl_loop_thread::run() noexcept {
  std::string why;
  try {
    open();
    run_rounds();
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
    why = "an unknown exception";
  }
  close();
  if (!why.empty())
    run_broken(why);
}

void curl_loop_thread::run_rounds() {
  while (take_inbox()) {
    serve_timers();
    expire();
    drop_empty_shards();
    deliver();
    wait_and_serve();
  }
}

/// Fails all present and later exchanges, until the loop is destroyed.
void curl_loop_thread::run_broken(std::string_view why) {
  auto fail = [&](uint64_t id, time_point since, bool sent) {
    core::http_response response;
    response.sent = sent;
    response.failure = core::transport_error::other;
    response.failure_text.append("the HTTP loop broke: ").append(why);
    response.elapsed = clock_now() - since;
    complete(id, std::move(response));
  };
  inbox left = std::move(taken_);
  std::erase_if(left.exchanges, [](const auto& x) { return x.second == time_point{}; });
  for (const auto& [id, transfer] : by_id_)
    fail(id, context_.now, true); // It may have been sent.
  by_id_.clear();
  std::unique_lock lock{mutex_};
  for (;;) {
    lock.unlock();
    for (const auto& [x, submitted] : left.exchanges)
      fail(x.id, submitted, false);
    deliver();
    lock.lock();
    is_asleep_ = inbox_.empty();
    broken_wakeup_.wait(lock, [this] { return is_stopping_ || !inbox_.empty(); });
    if (is_stopping_)
      return;
    left = std::exchange(inbox_, {});
  }
}

void curl_loop_thread::close() noexcept {
  transfers_.clear(); // Each leaves its multi handle by itself.
  spare_.clear();
  for (const auto& s : shards_)
    if (s->multi)
      curl_multi_cleanup(s->multi);
  shards_.clear();
  if (epoll_ >= 0)
    ::close(epoll_);
}

bool curl_loop_thread::take_inbox() {
  {
    const std::lock_guard lock{mutex_};
    is_asleep_ = false;
    if (is_stopping_)
      return false;
    std::swap(inbox_, taken_);
  }
  context_.now = clock_now();
  size_t started = 0;
  auto start_until = [&](size_t end) {
    for (; started < end; ++started) {
      auto& [x, submitted] = taken_.exchanges[started];
      start(std::move(x), submitted);
      submitted = {}; // If a later one breaks the loop, this one is not failed twice.
    }
  };
  for (const auto& [after, id] : taken_.cancellations) {
    start_until(after);
    stop_one(id);
  }
  start_until(taken_.exchanges.size());
  taken_.exchanges.clear();
  taken_.cancellations.clear();
  for (const auto& [id, bytes] : taken_.credits)
    add_credit(id, bytes);
  taken_.credits.clear();
  return true;
}

void curl_loop_thread::start(core::exchange x, time_point submitted) {
  if (spare_.empty()) {
    spare_.reserve(transfers_.size() + 1);
    spare_.push_back(transfers_.emplace_back(std::make_unique<curl_loop_transfer>(context_)).get());
  }
  curl_loop_transfer& t = *spare_.back();
  const uint64_t id = x.id;
  if (std::string problem = t.prepare(std::move(x), submitted); !problem.empty())
    return complete(id, t.finish(core::transport_error::other, problem));
  if (by_id_.contains(id))
    return complete(id, t.finish(core::transport_error::other, "the id is in flight already"));
  shard& s = shard_with_room();
  t.shard = s.index;
  deadlines_.add(&t, t.next_check());
  by_id_.emplace(id, &t);
  ++s.in_flight;
  spare_.pop_back();
  if (const CURLMcode code = curl_multi_add_handle(s.multi, t.easy()); code != CURLM_OK) {
    take_out(t);
    end(t, t.finish(core::transport_error::other, curl_multi_strerror(code)));
  }
}

void curl_loop_thread::stop_one(uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end())
    return;
  curl_loop_transfer& t = *found->second;
  take_out(t);
  end(t, t.finish(core::transport_error::cancelled, "cancelled"));
}

void curl_loop_thread::add_credit(uint64_t id, uint64_t bytes) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end())
    return;
  curl_loop_transfer& t = *found->second;
  if (const CURLcode code = t.grant(bytes); code != CURLE_OK) {
    take_out(t);
    end(t, t.finish(code));
  }
}

curl_loop_thread::shard& curl_loop_thread::shard_with_room() {
  auto found =
    std::ranges::find_if(shards_, [](const auto& s) { return s->in_flight < shard_size; });
  if (found == shards_.end())
    found = shards_.insert(found, std::make_unique<shard>());
  shard& s = **found;
  if (s.multi)
    return s;
  s.owner = this;
  s.index = static_cast<size_t>(found - shards_.begin());
  s.multi = curl_multi_init();
  if (!s.multi)
    throw std::bad_alloc{};
  curl_multi_setopt(s.multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(s.multi, CURLMOPT_SOCKETDATA, &s);
  curl_multi_setopt(s.multi, CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(s.multi, CURLMOPT_TIMERDATA, &s);
  curl_multi_setopt(s.multi, CURLMOPT_MAXCONNECTS, static_cast<long>(shard_size));
  curl_multi_setopt(s.multi, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(shard_size));
  return s;
}

void curl_loop_thread::drop_empty_shards() {
  if (context_.now < next_sweep_)
    return;
  next_sweep_ = context_.now + shard_idle / 2;
  for (const auto& s : shards_)
    if (s->multi && s->in_flight == 0 && context_.now - s->empty_since > shard_idle) {
      curl_multi_cleanup(std::exchange(s->multi, nullptr));
      s->timer = time_point::max();
    }
}

void curl_loop_thread::serve_timers() {
  int running = 0;
  for (size_t i = 0; i < shards_.size(); ++i) {
    shard& s = *shards_[i];
    if (s.timer > context_.now)
      continue;
    s.timer = time_point::max(); // Before the call, which may set it again.
    curl_multi_socket_action(s.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    drain(s);
  }
}

void curl_loop_thread::drain(shard& s) {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(s.multi, &left)) {
    if (message->msg != CURLMSG_DONE)
      continue;
    char* user = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    auto& t = *reinterpret_cast<curl_loop_transfer*>(user);
    const CURLcode code = message->data.result; // Read it now: it is invalid after the removal.
    take_out(t);
    end(t, t.finish(code));
  }
}

void curl_loop_thread::expire() {
  while (!deadlines_.empty() && deadlines_.next_due() <= context_.now) {
    curl_loop_transfer& t = *deadlines_.next();
    // Bytes move a deadline without an update of the heap; most exchanges come here once per idle
    // timeout.
    if (t.due() > context_.now) {
      deadlines_.remove(&t);
      deadlines_.add(&t, t.next_check());
      continue;
    }
    const bool is_total = t.is_over_total();
    take_out(t);
    end(t, is_total
             ? t.finish(core::transport_error::timeout, "no whole answer within the timeout")
             : t.finish(core::transport_error::idle_timeout, "no byte within the idle timeout"));
  }
}

void curl_loop_thread::take_out(curl_loop_transfer& t) {
  shard& s = *shards_[t.shard];
  curl_multi_remove_handle(s.multi, t.easy());
  deadlines_.remove(&t);
  by_id_.erase(t.id());
  if (--s.in_flight == 0)
    s.empty_since = context_.now;
}

void curl_loop_thread::end(curl_loop_transfer& t, core::http_response response) {
  const uint64_t id = t.id();
  spare_.push_back(&t);
  complete(id, std::move(response));
}

void curl_loop_thread::complete(uint64_t id, core::http_response response) {
  completions_.push_back({id, std::move(response)});
}

void curl_loop_thread::deliver() {
  if (completions_.empty())
    return;
  std::vector<core::completion> batch = std::exchange(completions_, {});
  completions_.reserve(batch.size());
  in_flight_.fetch_sub(batch.size(), std::memory_order_relaxed);
  try {
    deliver_(std::move(batch));
  } catch (...) { // It cannot be reported, and the other exchanges must go on.
  }
}

} // namespace penstock::io
