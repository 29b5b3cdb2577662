#pragma once

#include "actors/host/head_session.hpp"

#include <memory>
#include <vector>

namespace penstock::actors {

/// The events of jobs of a head, for a thread that may block. After the session has reconnected,
/// the feed subscribes again, and begins with a snapshot. One thread uses it.
class event_feed {
public:
  /// @param head Must outlive this.
  event_feed(head_session& head, event_query query);
  ~event_feed();
  event_feed(const event_feed&) = delete;
  event_feed& operator=(const event_feed&) = delete;

  /// Waits at most `timeout` for events. Events that wait already come at once, all of them.
  /// @returns none if none came; `connection_failed` while the connection is broken: then call
  /// `head_session::reconnect` (or leave this to another thread) and ask again.
  result<std::vector<job_event>> next(duration timeout);

private:
  struct inbox;
  void drop();

  head_session& head_;
  event_query query_;
  std::shared_ptr<inbox> inbox_;
  engine_actor engine_; ///< Whom we subscribed at; null: nobody.
  caf::actor taker_;
};

} // namespace penstock::actors
