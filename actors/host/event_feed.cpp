#include "actors/host/event_feed.hpp"

#include <caf/all.hpp>

namespace penstock::actors {

/// Events that the actor has received and the thread has not taken yet.
struct event_feed::inbox {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<job_event> events; ///< Guarded by the mutex, as the members below.
  bool broken = false;

  void add(const std::vector<job_event>& more) {
    {
      std::lock_guard lock{mutex};
      events.insert(events.end(), more.begin(), more.end());
    }
    changed.notify_all();
  }
  void fail() {
    {
      std::lock_guard lock{mutex};
      broken = true;
    }
    changed.notify_all();
  }
};

event_feed::event_feed(head_session& head, event_query query)
    : head_{head}, query_{std::move(query)} {}

event_feed::~event_feed() { drop(); }

void event_feed::drop() {
  if (taker_)
    caf::anon_send_exit(taker_, caf::exit_reason::kill);
  taker_ = nullptr;
  engine_ = nullptr;
}

result<std::vector<job_event>> event_feed::next(duration timeout) {
  const error broken{errc::connection_failed,
                     "the connection to the head at " + head_.address() + " broke"};
  auto now = head_.engine();
  if (!now) {
    drop();
    return broken;
  }
  if (now != engine_) {
    drop();
    inbox_ = std::make_shared<inbox>();
    engine_ = now;
    taker_ = head_.system().spawn(
      [in = inbox_, now, query = query_](caf::event_based_actor* self) -> caf::behavior {
        self->set_down_handler([in, self](const caf::down_msg&) {
          in->fail();
          self->quit();
        });
        self->monitor(now);
        self->send(now, atom::subscribe_v, query);
        return {
          [in](atom::events, const std::vector<job_event>& more) { in->add(more); },
          // From the thread: it has taken so many events.
          [self, now](atom::credit, uint32_t taken) { self->send(now, atom::credit_v, taken); },
        };
      });
  }
  std::vector<job_event> out;
  {
    std::unique_lock lock{inbox_->mutex};
    inbox_->changed.wait_for(lock, timeout,
                             [&] { return !inbox_->events.empty() || inbox_->broken; });
    if (inbox_->events.empty() && inbox_->broken)
      return broken;
    out.swap(inbox_->events);
  }
  if (!out.empty())
    caf::anon_send(taker_, atom::credit_v, static_cast<uint32_t>(out.size()));
  return out;
}

} // namespace penstock::actors
