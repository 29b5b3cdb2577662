#pragma once

#include "core/base/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace penstock::actors {

/// What is let through by the connections of a process to others.
struct peer_bounds {
  duration handshake = std::chrono::seconds{4}; ///< For whoever connects to say what it is.
  uint32_t unknown_max = 256; ///< Connections that have not said it yet; the oldest makes room.
  uint64_t handshake_bytes_max = 64u << 10; ///< Of a message of one of these.
  uint64_t message_bytes_max = 1u << 30;    ///< Of a message of the others.
  uint32_t lines_max = 20;                  ///< Said to people in one second; the rest is counted.
};

/// What is known of one connection. It lives with its socket, on the middleman's thread.
struct peer_state {
  std::string who; ///< "10.0.0.7:50412".
  int socket = -1;
  bool accepted = true; ///< False: we connected.
  bool known = false;   ///< Its handshake is done: it is a peer, and certified where TLS is on.
  bool closing = false; ///< We want no more of it.
  uint64_t bytes = 0;   ///< Received, before it was known.
  std::string fault;    ///< Why it goes; the first reason counts.
  uint64_t number = 0;  ///< Among those with the same `peer_limits`.
  std::function<void()> on_bytes; ///< Called when some of a long message have come; empty: not now.

  /// Ends the connection from our side: the next read fails.
  void refuse(std::string why);
};

/// What the connections of a process share: their limits, who is told, and the list of those that
/// have not said yet what they are.
class peer_limits {
public:
  explicit peer_limits(peer_bounds bounds) : bounds_{bounds} {}

  const peer_bounds& bounds() const noexcept { return bounds_; }
  /// Where lines for people go from now on; empty: nowhere.
  void announce_by(std::function<void(std::string)> sink);
  /// One line for people, unless there were too many in this second.
  void say(std::string line);

  /// From here on `peer` is unknown. Only on the middleman's thread, as are the next two.
  void enter(peer_state& peer);
  /// It has said what it is, or goes.
  void leave(peer_state& peer);
  /// Tells of the end of one that never became known.
  void report(peer_state& peer);

  /// Why the last connection that we made came to nothing; empty: not known. Forgets it.
  std::string take_failure();

private:
  const peer_bounds bounds_;
  std::mutex mutex_; ///< Guards what follows, up to the list.
  std::function<void(std::string)> sink_;
  std::string failure_;
  time_point second_{}; ///< When the present second of lines began.
  uint32_t lines_ = 0, left_out_ = 0;
  std::map<uint64_t, peer_state*> unknown_; ///< The oldest first.
  uint64_t next_ = 1;
};

} // namespace penstock::actors
