#pragma once

#include "actors/peer/peer_rules.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace penstock::actors {

/// Limits for the connections of a process to other processes.
struct peer_bounds {
  duration handshake = std::chrono::seconds{4}; ///< Time for the handshake of a new connection.
  uint32_t unknown_max = 256; ///< Connections without a handshake; the oldest is closed first.
  uint64_t handshake_bytes_max = 64u << 10; ///< Largest message before the handshake.
  /// Bytes of unfinished long messages of all connections together, and the largest message. What
  /// is above it waits in the sockets.
  uint64_t receive_bytes_max = 256u << 20;
  uint64_t head_bytes_max = 1u << 30; ///< Largest message of a head, which we trust.
  /// While connections wait for such bytes, a message that takes longer than this is refused.
  duration long_message = std::chrono::seconds{30};
  uint32_t refused_max = 3; ///< A peer that sent so many messages it may not send is sent away.
  uint32_t lines_max = 20;  ///< Log lines per second; further ones are only counted.
};

/// The state of one connection. It lives as long as its socket, on the middleman's thread.
struct peer_state {
  std::string who; ///< "10.0.0.7:50412".
  int socket = -1;
  bool accepted = true;     ///< False: this process has connected.
  bool known = false;       ///< Its handshake is done; with TLS, its certificate is valid.
  bool closing = false;     ///< We are closing it.
  bool paused = false;      ///< It waits for memory, and reads nothing.
  uint64_t bytes = 0;       ///< Bytes received before it was known.
  std::string fault;        ///< Why it is closed; the first reason counts.
  uint64_t number = 0;      ///< Number in the list of `peer_limits`.
  uint8_t roles = role_any; ///< A sum of `peer_role`: what it may send.
  uint32_t refused = 0;     ///< Messages that it sent and may not send.
  uint64_t held = 0;        ///< Bytes that it has of `peer_limits`.
  time_point held_since{};  ///< When it took the first of them.

  /// Ends the connection from our side: the next read fails.
  void refuse(std::string why);
};

/// Limits the size and time of peer connections and logs each refused peer. All connections of a
/// process share one object; it knows those without a handshake.
class peer_limits {
public:
  explicit peer_limits(peer_bounds bounds) : bounds_{bounds} {}

  const peer_bounds& bounds() const noexcept { return bounds_; }
  /// Sets the receiver of log lines; empty: nothing is logged.
  void announce_by(std::function<void(std::string)> sink);
  /// Logs a line, unless there were too many in this second.
  void say(std::string line);

  /// Adds `peer` to the list of unknown peers. Call this and the next two only on the middleman's
  /// thread.
  void enter(peer_state& peer);
  /// Removes `peer` from the list: its handshake is done, or it is closed.
  void leave(peer_state& peer);
  /// Logs the end of a peer that never became known.
  void report(peer_state& peer);

  /// Takes bytes for a part of a long message. If there are not enough, `resume` is called on the
  /// middleman's thread when there may be; the connection then asks again.
  /// @returns whether it got them.
  bool hold(peer_state& peer, uint64_t bytes, std::function<void()> resume);
  /// Gives back all bytes that the connection has: the message is complete, or the connection is
  /// closed. It no longer waits.
  void give_back(peer_state& peer);

  /// Why the last connection of this process failed; empty: unknown. Forgets it.
  std::string take_failure();

private:
  const peer_bounds bounds_;
  std::mutex mutex_; ///< Guards the members below, without the list and its numbers.
  std::function<void(std::string)> sink_;
  std::string failure_;
  time_point second_{}; ///< Begin of the present second of log lines.
  uint32_t lines_ = 0, left_out_ = 0;
  std::map<uint64_t, peer_state*> unknown_; ///< Oldest first.
  uint64_t next_ = 1;
  /// A connection that waits for bytes.
  struct waiting {
    peer_state* peer;
    std::function<void()> resume;
  };
  // These are used on the middleman's thread only.
  uint64_t held_ = 0;
  std::list<waiting> waiting_; ///< In the order of their questions.
  std::list<peer_state*> holders_;
};

} // namespace penstock::actors
