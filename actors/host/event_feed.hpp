#pragma once

#include "actors/host/head_session.hpp"

#include <memory>
#include <vector>

namespace penstock::actors {

/// The events of jobs of a head, for one thread that may block. After the session has reconnected,
/// the feed subscribes again and begins with a snapshot.
class event_feed {
public:
  /// @param head Must outlive this object.
  event_feed(head_session& head, event_query query);
  ~event_feed();
  event_feed(const event_feed&) = delete;
  event_feed& operator=(const event_feed&) = delete;

  /// Waits at most `timeout` for events. Returns at once with all events that are there already.
  /// @returns an empty list if no event came; `connection_failed` while the connection is broken:
  /// then call `head_session::reconnect` (or leave that to another thread) and try again.
  result<std::vector<job_event>> next(duration timeout);

private:
  struct inbox;
  void drop();

  head_session& head_;
  event_query query_;
  std::shared_ptr<inbox> inbox_;
  engine_actor engine_; ///< The engine of the subscription; null: none.
  caf::actor taker_;
};

} // namespace penstock::actors
